/** The rows of one product in integers: one block of them, in scratch. */
import {
  finerForm,
  q8IsCoarse,
  q8QuantizeRow,
  q8RowBytes,
  RowForm,
  UPPER,
} from '../kernels/rows-int';
import { Linear, Scratch } from '../memory/layout';
import { ROW_BLOCK } from '../memory/pass';
import { BYTE_ROWS } from '../simd/build';
import { f32s } from '../simd/units';

/**
 * x [rows,K] -> rows of integers and two scales each: of all of a number, and of its upper byte.
 * Rows that 8 bits are too coarse for get 16 and are marked: a token with massive activations
 * (docs/accuracy.md).
 */
export function quantizeRows(s: Scratch, x: usize, rows: i32, w: Linear): void {
  const bytes = q8RowBytes(w.inputs);
  // A producer multiplied its outputs by them already.
  const factors = w.producer ? <usize>0 : w.factors;
  let to = s.quantized;
  let scales = s.rowScales;
  for (; rows > 0; rows--) {
    let scale = q8QuantizeRow(w.rowForm, to, x, factors, w.inputs);
    if (BYTE_ROWS) {
      const isCoarse = q8IsCoarse(w.rowForm, to, w.inputs);
      // Of UpperI8, all 16 bits are there already.
      if (isCoarse && w.rowForm != RowForm.UpperI8) {
        scale = q8QuantizeRow(finerForm(w.rowForm), to, x, factors, w.inputs);
      }
      store<i32>(scales + 2 * f32s(ROW_BLOCK), i32(isCoarse));
    }
    store<f32>(scales, scale);
    store<f32>(scales + f32s(ROW_BLOCK), scale * UPPER);
    to += bytes;
    x += w.inputStride;
    scales += 4;
  }
}

/** Whether a quantised row has 16 bits because 8 are too coarse for it. */
export function isCoarseAt(s: Scratch, row: i32): bool {
  return load<i32>(s.rowScales + 2 * f32s(ROW_BLOCK) + f32s(row)) != 0;
}

/** How many rows from `first` on are as coarse, of `rows`. */
export function alikeRows(s: Scratch, first: i32, rows: i32): i32 {
  const isCoarse = isCoarseAt(s, first);
  let end = first + 1;
  while (end < rows && isCoarseAt(s, end) == isCoarse) end++;
  return end - first;
}
