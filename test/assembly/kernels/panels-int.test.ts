/**
 * q8 and q16 panels against float32 steps in JavaScript, in every build: integers and scales must
 * be equal.
 */
import { describe, expect, it } from 'vitest';
import { Kernels } from '../../support/kernels.ts';
import {
  NR,
  packQ16Rows,
  padPanels,
  type QuantizedColumn,
  q16Columns,
  roundUp8,
} from '../../support/panels.ts';
import { q8Depth } from '../../support/q8-rows.ts';
import { random } from '../../support/random.ts';
import { variants } from '../../support/variants.ts';

const DEPTHS = [1, 2, 3, 8, 31, 32, 33, 384];
const f = Math.fround;

describe.each(variants)('q8PackColumns() ($name)', ({ name: build }) => {
  const kernels = new Kernels(build);

  it.each([1, 2, 3, 4, 5, 15, 16, 17, 128])(
    'quantises columns of %i rows, zeros behind',
    (rows) => {
      for (const count of [1, 4, 5, 8, 12]) {
        const x = random(rows * count).normals(rows * count);
        const found = pack(x, rows, count);
        expect(found).toHaveLength(roundUp8(count));
        for (const [n, column] of found.entries()) {
          const values = Array.from({ length: rows }, (_, k) => x[k * count + n]!);
          expect(column).toEqual(n < count ? bytesOf(values) : q8Zeros(rows));
        }
      }
    },
  );

  it('gives NaN for the scale of a column with a NaN or an infinity, and zeros for zeros', () => {
    const x = Float32Array.of(1, Number.NaN, 0, 4, 1, 2, 0, -Infinity);
    const scales = pack(x, 2, 4).map(({ scale }) => scale);
    expect(scales.slice(0, 4)).toEqual([f(1 / 127), Number.NaN, 0, Number.NaN]);
    expect(pack(x, 2, 4)[2]).toEqual(q8Zeros(2));
  });

  function pack(x: Float32Array, rows: number, count: number) {
    const wide = new Float32Array(rows * roundUp8(count));
    for (let k = 0; k < rows; k++) {
      wide.set(x.subarray(k * count, (k + 1) * count), k * roundUp8(count));
    }
    return kernels.call((frame, exports) => {
      const bytes = exports.q8PanelBytes(rows);
      const floats = (roundUp8(count) / NR) * (bytes / 4);
      const panels = frame.output(floats);
      exports.q8PackColumns(panels, frame.input(wide), 4 * roundUp8(count), rows, count, 0);
      const view = new DataView(frame.read(panels, floats).buffer);
      return Array.from({ length: roundUp8(count) }, (_, n) => {
        const panel = Math.floor(n / NR) * bytes;
        const byte = (k: number) => panel + 64 + 32 * (k >> 2) + 4 * (n % NR) + (k & 3);
        expect(view.getFloat32(panel + 4 * (n % NR), true)).toBe(0);
        return {
          bytes: Array.from({ length: q8Depth(rows) }, (_, k) => view.getInt8(byte(k))),
          scale: view.getFloat32(panel + 32 + 4 * (n % NR), true),
        };
      });
    });
  }
});

describe.each(variants)('q16 panels ($name)', ({ name: build }) => {
  const kernels = new Kernels(build);

  it.each(DEPTHS)('q16PackRows() quantises rows into columns, depth %i', (depth) => {
    for (const rows of [1, 7, 8, 13]) {
      const x = random(depth + rows).normals(rows * depth);
      const columns = packQ16Rows(kernels, x, rows, depth);
      const limit = Math.min(32767, Math.floor(Math.sqrt((2 ** 31 - 1) / depth)));
      for (let i = 0; i < rows; i++) {
        expect(columns[i]).toEqual(quantized(x.subarray(i * depth, (i + 1) * depth), limit));
      }
    }
  });

  it.each(DEPTHS)('q16PackColumns() quantises columns of rows, depth %i', (depth) => {
    for (const columns of [1, 5, 8, 12]) {
      const x = random(depth * columns).normals(depth * columns);
      const found = packColumns(kernels, x, depth, columns, 2047);
      for (const [n, column] of found.entries()) {
        const values = Array.from({ length: depth }, (_, k) => x[k * columns + n] ?? 0);
        expect(column).toEqual(n < columns ? quantized(values, 2047) : q16Zeros(depth));
      }
    }
  });

  it('q16PackColumns() gives NaN for the scale of a column with a NaN or an infinity', () => {
    const x = Float32Array.of(1, Number.NaN, 3, 4, 1, 2, 3, -Infinity);
    const [a, b, c, d] = packColumns(kernels, x, 2, 4, 2047);
    expect([a, b, c, d].map((column) => Number.isNaN(column!.scale))).toEqual([
      false,
      true,
      false,
      true,
    ]);
  });

  it('q16PackColumns() gives zeros for a column of zeros', () => {
    const [column] = packColumns(kernels, new Float32Array(3), 3, 1, 2047);
    expect(column).toEqual(q16Zeros(3));
  });
});

function bytesOf(values: number[]) {
  const most = Math.max(...values.map(Math.abs));
  const factor = f(127 / most);
  const bytes = new Array<number>(q8Depth(values.length)).fill(0);
  for (const [k, value] of values.entries()) bytes[k] = Math.round(f(value * factor)) + 0;
  return { bytes, scale: f(most / 127) };
}

/** Integers up to `limit` of the largest, as f32QuantizeRow() makes them. */
function quantized(x: ArrayLike<number>, limit: number): QuantizedColumn {
  const most = Math.max(...Array.from(x, Math.abs));
  const factor = f(limit / most);
  const integers = Array.from(x, (v) => {
    const scaled = f(v * factor);
    const integer = Math.round(scaled);
    const isHalf = Math.abs(scaled % 1) === 0.5;
    return (isHalf && integer % 2 !== 0 ? integer - 1 : integer) + 0;
  });
  return { integers, scale: f(most / limit) };
}

function packColumns(
  kernels: Kernels,
  x: Float32Array,
  rows: number,
  columns: number,
  limit: number,
): QuantizedColumn[] {
  return kernels.call((frame, exports) => {
    const bytes = exports.q16PanelBytes(rows);
    const floats = (roundUp8(columns) / NR) * (bytes / 4);
    const panels = frame.output(floats);
    const from = frame.input(padPanels(x, rows, columns));
    exports.q16PackColumns(panels, from, 4 * roundUp8(columns), rows, columns, limit, 0);
    return q16Columns(frame.read(panels, floats), bytes, rows);
  });
}

const q8Zeros = (rows: number) => ({ bytes: new Array<number>(q8Depth(rows)).fill(0), scale: 0 });

const q16Zeros = (depth: number): QuantizedColumn => ({
  integers: new Array(depth).fill(0),
  scale: 0,
});
