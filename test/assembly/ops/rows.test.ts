/** ops/rows: bytes from one place to another, and nothing between. */
import { describe, expect, it } from 'vitest';
import { Kernels } from '../../support/kernels.ts';
import { painted } from '../../support/random.ts';
import { variants } from '../../support/variants.ts';

describe.each(variants)('ops/rows ($name)', ({ name: build }) => {
  const kernels = new Kernels(build);

  it.each([
    [1, 5, 5, 5],
    [4, 5, 5, 5],
    [4, 5, 8, 5],
    [4, 5, 5, 8],
    [7, 3, 16, 8],
    [0, 5, 8, 5],
  ])('copyRows() moves %i rows of %i floats to stride %i from stride %i', (...extents) => {
    const [rows, columns, toStride, fromStride] = extents;
    const before = painted(rows * toStride, 90);
    const from = painted(rows * fromStride);
    const found = kernels.call((frame, exports) => {
      const to = frame.inout(before);
      exports.copyRows(to, 4 * toStride, frame.input(from), 4 * fromStride, 4 * columns, rows);
      return frame.read(to, before.length);
    });
    const expected = before.map((kept, i) => {
      const [row, column] = [Math.floor(i / toStride), i % toStride];
      return column < columns ? from[row * fromStride + column] : kept;
    });
    expect(found).toEqual(expected);
  });

  it('copyRows() makes padded rows dense in place', () => {
    const wide = painted(6 * 8);
    const found = kernels.call((frame, exports) => {
      const x = frame.inout(wide);
      exports.copyRows(x, 4 * 5, x, 4 * 8, 4 * 5, 6);
      return frame.read(x, 6 * 5);
    });
    expect(found).toEqual(
      Float32Array.from({ length: 30 }, (_, i) => wide[Math.floor(i / 5) * 8 + (i % 5)]),
    );
  });

  it('gatherRows() looks rows up in any order, more than once', () => {
    const table = painted(11 * 3);
    const ids = Int32Array.of(10, 0, 4, 4, 10, 1);
    const before = painted(ids.length * 4, 77);
    const found = kernels.call((frame, exports) => {
      const to = frame.inout(before);
      exports.gatherRows(to, 16, frame.input(table), 12, frame.input(ids), ids.length);
      return frame.read(to, before.length);
    });
    const expected = before.map((kept, i) =>
      i % 4 < 3 ? table[ids[Math.floor(i / 4)] * 3 + (i % 4)] : kept,
    );
    expect(found).toEqual(expected);
  });
});
