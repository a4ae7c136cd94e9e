/** q8-columns against float32 steps in JavaScript, in every build: bytes and scales must be equal. */
import { describe, expect, it } from 'vitest';
import { Kernels } from '../../support/kernels.ts';
import { NR, roundUp8 } from '../../support/panels.ts';
import { q8Depth } from '../../support/q8-rows.ts';
import { random } from '../../support/random.ts';
import { variants } from '../../support/variants.ts';

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
          expect(column).toEqual(n < count ? quantised(values) : none(rows));
        }
      }
    },
  );

  it('gives NaN for the scale of a column with a NaN or an infinity, and zeros for zeros', () => {
    const x = Float32Array.of(1, Number.NaN, 0, 4, 1, 2, 0, -Infinity);
    const scales = pack(x, 2, 4).map(({ scale }) => scale);
    expect(scales.slice(0, 4)).toEqual([f(1 / 127), Number.NaN, 0, Number.NaN]);
    expect(pack(x, 2, 4)[2]).toEqual(none(2));
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
      exports.q8PackColumns(panels, frame.input(wide), 4 * roundUp8(count), rows, count);
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

function quantised(values: number[]) {
  const most = Math.max(...values.map(Math.abs));
  const factor = f(127 / most);
  const bytes = new Array<number>(q8Depth(values.length)).fill(0);
  for (const [k, value] of values.entries()) bytes[k] = Math.round(f(value * factor)) + 0;
  return { bytes, scale: f(most / 127) };
}

const none = (rows: number) => ({ bytes: new Array<number>(q8Depth(rows)).fill(0), scale: 0 });
