/** Prefetching while products compute: it never reads past memory and never changes a result. */
import { describe, expect, it } from 'vitest';
import { Kernels } from '../../support/kernels.ts';
import { NR } from '../../support/panels.ts';
import { paint } from '../../support/products.ts';
import type { TestingExports } from '../../support/testing-exports.ts';
import { variants } from '../../support/variants.ts';

/** Bytes that are prefetched at a time (assembly/kernels/prefetch.ts). */
const WINDOW = 8 * 4096;
const ROWS = 11;
const DEPTH = 512;

/** Enough rows and depth for many pauses. */
const operands = paint(ROWS, DEPTH);

describe.each(variants)('prefetchTo() ($name)', ({ name: build }) => {
  const kernels = new Kernels(build);
  // Room for some windows and for the operands.
  kernels.exports.memory.grow(8);
  const record = kernels.exports.allocate(20);

  /** C [ROWS,8] of products that continue the prefetch. */
  const multiply = (exports: TestingExports) =>
    kernels.call((frame) => {
      const c = frame.output(ROWS * NR);
      const [a, panel] = [frame.input(operands.a), frame.input(operands.panel)];
      for (let turn = 0; turn < 8; turn++) {
        exports.f32GemmNr8(c, 4 * NR, a, 4 * DEPTH, panel, 0, ROWS, DEPTH, record);
      }
      return frame.read(c, ROWS * NR);
    });
  const expected = Float32Array.from(operands.sums);

  describe.each([1, ROWS, 72])('at the pace of %i rows', (rows) => {
    it.each([
      ['the last line', 64],
      ['a part of a window', 4096],
      ['a window but for a line', WINDOW - 64],
      ['a window', WINDOW],
      ['a window and a line', WINDOW + 64],
      ['two windows', 2 * WINDOW],
      ['odd bytes', 3 * WINDOW + 36],
    ])('stays in memory where %s of it is left', (_, left) => {
      const { exports } = kernels;
      const end = exports.memory.buffer.byteLength;
      for (const bytes of [32, 64, 4128, left].filter((bytes) => bytes <= left)) {
        exports.prefetchTo(record, end - left, bytes, rows);
        expect(multiply(exports)).toEqual(expected);
      }
      exports.prefetchTo(record, end - 32, 32, rows);
      expect(multiply(exports)).toEqual(expected);
    });

    it('goes on, jumps back and jumps ahead', () => {
      const { exports } = kernels;
      const end = exports.memory.buffer.byteLength;
      for (const at of [0, 4128, 8256, 40_000, 0, end - 4128, 64, end - WINDOW, 1024, 5 * 4128]) {
        exports.prefetchTo(record, at, 4128, rows);
        expect(multiply(exports)).toEqual(expected);
      }
    });
  });
});
