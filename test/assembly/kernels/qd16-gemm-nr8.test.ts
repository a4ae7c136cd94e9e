/**
 * qd16-gemm-nr8 and its panels against exact integer sums and float32 steps in the order that the
 * kernel states: equal, bit for bit, in every build.
 */
import { describe, expect, it } from 'vitest';
import { Kernels } from '../../support/kernels.ts';
import { NR, roundUp8 } from '../../support/panels.ts';
import { random } from '../../support/random.ts';
import { variants } from '../../support/variants.ts';

const DEPTHS = [1, 2, 3, 8, 31, 32, 33, 384];
const f = Math.fround;

/** One column or row of whole numbers, and what takes them back. */
interface Quantised {
  readonly words: number[];
  readonly scale: number;
}

describe.each(variants)('panels of words ($name)', ({ name: build }) => {
  const kernels = new Kernels(build);

  it.each(DEPTHS)('q16PackRows() quantises rows into columns, depth %i', (depth) => {
    for (const rows of [1, 7, 8, 13]) {
      const x = random(depth + rows).normals(rows * depth);
      const columns = packRows(kernels, x, rows, depth);
      const limit = Math.min(32767, Math.floor(Math.sqrt((2 ** 31 - 1) / depth)));
      for (let i = 0; i < rows; i++) {
        expect(columns[i]).toEqual(quantise(x.subarray(i * depth, (i + 1) * depth), limit));
      }
    }
  });

  it.each(DEPTHS)('q16PackColumns() quantises columns of rows, depth %i', (depth) => {
    for (const columns of [1, 5, 8, 12]) {
      const x = random(depth * columns).normals(depth * columns);
      const found = packColumns(kernels, x, depth, columns, 2047);
      for (const [n, column] of found.entries()) {
        const values = Array.from({ length: depth }, (_, k) => x[k * columns + n] ?? 0);
        expect(column).toEqual(n < columns ? quantise(values, 2047) : none(depth));
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
    expect(column).toEqual(none(3));
  });

  it.each(DEPTHS)('q16GemmNr8() sums exactly, depth %i', (depth) => {
    for (const rows of [1, 2, 3, 4, 5, 6, 9]) {
      const numbers = random(rows * depth);
      const a = Int16Array.from(numbers.integers(rows * depth, -8191, 8192));
      const scales = numbers.uniforms(rows, 1e-6, 1e-3);
      const b = numbers.normals(NR * depth);
      const bias = numbers.normals(NR);
      const columns = packRows(kernels, b, NR, depth);
      const expected = Float32Array.from({ length: rows * NR }, (_, at) => {
        const { words, scale } = columns[at % NR]!;
        const row = Math.floor(at / NR);
        let sum = 0;
        for (let k = 0; k < depth; k++) sum += a[row * depth + k]! * words[k]!;
        return f(f(f(sum) * f(scales[row]! * scale)) + bias[at % NR]!);
      });
      expect(multiply(kernels, a, scales, b, bias, depth)).toEqual(expected);
    }
  });

  it('f32RoundRow() rounds halves to even and leaves zeros behind the row', () => {
    const found = kernels.call((frame, exports) => {
      const to = frame.output(4);
      exports.f32RoundRow(to, frame.input(Float32Array.of(0.5, 1.5, -2.5, 3.25, 1, 9, 9, 9)), 5, 2);
      return Array.from(new Int16Array(frame.read(to, 4).buffer));
    });
    expect(found).toEqual([1, 3, -5, 6, 2, 0, 0, 0]);
    const halves = kernels.call((frame, exports) => {
      const to = frame.output(4);
      exports.f32RoundRow(to, frame.input(Float32Array.of(0.5, 1.5, -2.5, -0.5, 0, 0, 0, 0)), 4, 1);
      return Array.from(new Int16Array(frame.read(to, 4).buffer)).slice(0, 4);
    });
    expect(halves).toEqual([0, 2, -2, 0]);
  });
});

/** Whole numbers up to `limit` of the largest, as f32QuantizeRow() makes them. */
function quantise(x: ArrayLike<number>, limit: number): Quantised {
  const most = Math.max(...Array.from(x, Math.abs));
  const factor = f(limit / most);
  const words = Array.from(x, (v) => {
    const scaled = f(v * factor);
    const whole = Math.round(scaled);
    const isHalf = Math.abs(scaled % 1) === 0.5;
    return (isHalf && whole % 2 !== 0 ? whole - 1 : whole) + 0;
  });
  return { words, scale: f(most / limit) };
}

const none = (depth: number): Quantised => ({ words: new Array(depth).fill(0), scale: 0 });

function padded(x: Float32Array, rows: number, width: number): Float32Array {
  const wide = new Float32Array(rows * roundUp8(width) + 8);
  for (let i = 0; i < rows; i++) {
    wide.set(x.subarray(i * width, (i + 1) * width), i * roundUp8(width));
  }
  return wide;
}

function packRows(kernels: Kernels, x: Float32Array, rows: number, depth: number): Quantised[] {
  return kernels.call((frame, exports) => {
    const count = roundUp8(rows);
    const bytes = exports.q16PanelBytes(depth);
    const panels = frame.output((count / NR) * (bytes / 4));
    const words = frame.output(roundUp8(depth) / 2);
    const from = frame.input(padded(x, rows, depth));
    exports.q16PackRows(panels, from, 4 * roundUp8(depth), rows, depth, words);
    return columnsOf(frame.read(panels, (count / NR) * (bytes / 4)), bytes, depth).slice(0, rows);
  });
}

function packColumns(
  kernels: Kernels,
  x: Float32Array,
  rows: number,
  columns: number,
  limit: number,
): Quantised[] {
  return kernels.call((frame, exports) => {
    const bytes = exports.q16PanelBytes(rows);
    const floats = (roundUp8(columns) / NR) * (bytes / 4);
    const panels = frame.output(floats);
    const from = frame.input(padded(x, rows, columns));
    exports.q16PackColumns(panels, from, 4 * roundUp8(columns), rows, columns, limit);
    return columnsOf(frame.read(panels, floats), bytes, rows);
  });
}

/** | bias f32 8 | scale f32 8 | two depths of each column, again and again | */
function columnsOf(panels: Float32Array, bytes: number, depth: number): Quantised[] {
  const view = new DataView(panels.buffer);
  return Array.from({ length: (panels.byteLength / bytes) * NR }, (_, n) => {
    const panel = Math.floor(n / NR) * bytes;
    const word = (k: number) => panel + 64 + 32 * (k >> 1) + 4 * (n % NR) + 2 * (k & 1);
    return {
      words: Array.from({ length: depth }, (_, k) => view.getInt16(word(k), true)),
      scale: view.getFloat32(panel + 32 + 4 * (n % NR), true),
    };
  });
}

/** One call -> c [M,8] of rows of words and eight columns made of b [8,K]. */
function multiply(
  kernels: Kernels,
  a: Int16Array,
  scales: Float32Array,
  b: Float32Array,
  bias: Float32Array,
  depth: number,
): Float32Array {
  const rows = scales.length;
  const width = roundUp8(depth);
  const words = new Int16Array(rows * width);
  for (let i = 0; i < rows; i++) words.set(a.subarray(i * depth, (i + 1) * depth), i * width);
  return kernels.call((frame, exports) => {
    const bytes = exports.q16PanelBytes(depth);
    const panel = frame.inout(new Float32Array(bytes / 4));
    const scratch = frame.output(width / 2);
    exports.q16PackRows(panel, frame.input(padded(b, NR, depth)), 4 * width, NR, depth, scratch);
    new Float32Array(exports.memory.buffer, panel, NR).set(bias);
    const c = frame.output(rows * NR);
    const from = frame.input(new Uint8Array(words.buffer));
    exports.q16GemmNr8(c, 4 * NR, from, 2 * width, frame.input(scales), panel, rows, depth);
    return frame.read(c, rows * NR);
  });
}
