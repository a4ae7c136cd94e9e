/**
 * Reads a parameter's values from the engine, dense and in f32, whatever their stored dtype. An
 * fp32 or fp16 model returns the values that were loaded, a q8 model those that it computes with.
 */

import { readValues } from '../../engine/packed/read-values.ts';
import type { Kept, Parameter, SlotPart } from '../../weights/names.ts';
import { byteSize, rowsOf } from '../../weights/tensor-info.ts';
import type { Target } from './placement.ts';

type Values = Float32Array<ArrayBuffer>;

/** Zeros for a parameter that is not stored because no output depends on it. */
export function fetchParameter({ engine }: Target, { shape, slots, kept }: Parameter): Values {
  const [slotPart] = slots;
  if (!slotPart) return new Float32Array(byteSize(shape, 1));
  const whole = kept ? shape.with(kept.axis, kept.size) : shape;
  const { rows, rowSize } = rowsOf(whole);
  const values = readValues(engine, slotPart, rows, rowSize);
  return kept ? withoutPruned(values, rowSize, kept) : values;
}

/** The values of one slot's part; `shape` is the whole tensor's. */
export function fetchSlotPart(
  { engine }: Target,
  slotPart: SlotPart,
  shape: readonly number[],
): Values {
  const { rows, rowSize } = rowsOf(shape);
  return readValues(engine, slotPart, rows, rowSize);
}

/** What pruning left of a dense tensor. */
function withoutPruned(whole: Values, width: number, { axis, indices }: Kept): Values {
  if (axis === 0) {
    const rows = new Float32Array(indices.length * width);
    indices.forEach((row, i) => {
      rows.set(whole.subarray(row * width, (row + 1) * width), i * width);
    });
    return rows;
  }
  const count = indices.length;
  return Float32Array.from(
    { length: (whole.length / width) * count },
    (_, i) => whole[Math.floor(i / count) * width + indices[i % count]!]!,
  );
}
