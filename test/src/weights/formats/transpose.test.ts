import { expect, test } from 'vitest';
import { Transposer } from '../../../../src/weights/formats/transpose.ts';
import type { Dtype } from '../../../../src/weights/tensor-info.ts';

/**
 * Widths of elements, and sizes that are multiples of a block, even, odd, and more than a chunk.
 */
const CASES: readonly [dtype: Dtype, rows: number, columns: number, offset: number][] = [
  ['F32', 16, 24, 0],
  ['F32', 16, 24, 2],
  ['F32', 13, 7, 0],
  ['F32', 264, 1100, 0],
  ['F16', 16, 24, 0],
  ['F16', 18, 6, 2],
  ['F16', 17, 6, 0],
  ['F16', 18, 5, 0],
  ['F16', 1030, 602, 0],
  ['F16', 1032, 602, 0],
  ['F16', 16, 7, 0],
  ['F64', 9, 10, 0],
  ['I8', 16, 24, 0],
  ['I8', 16, 24, 1],
  ['I8', 18, 24, 0],
  ['I8', 1028, 604, 0],
];
const BYTES = { I8: 1, F16: 2, F32: 4, F64: 8 } as const;

test.each(CASES)('Transposer.rows() makes columns rows: %s [%i, %i] at byte %i', (...given) => {
  const [dtype, rows, columns, offset] = given;
  const size = BYTES[dtype as keyof typeof BYTES];
  const bytes = new Uint8Array(offset + rows * columns * size).subarray(offset);
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 31 + (i >> 8)) & 0xff;
  const expected = new Uint8Array(bytes.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const at = (row * columns + column) * size;
      expected.set(bytes.subarray(at, at + size), (column * rows + row) * size);
    }
  }
  const found = new Uint8Array(bytes.length);
  const tensor = { name: 'a', dtype, shape: [columns, rows] };
  for (const part of new Transposer().rows(tensor, bytes)) {
    found.set(part.bytes, part.firstRow * rows * size);
  }
  expect(found.findIndex((byte, i) => byte !== expected[i])).toBe(-1);
});
