/** Places in a text in the unit that a caller counts in. */

import type { CallOptions } from '../tokenizer/batch/arguments.ts';
import { codePointsBefore } from '../tokenizer/text/unicode.ts';

/** UTF-16 units, in which `slice` counts, or code points, in which Python does. */
export type OffsetUnit = NonNullable<CallOptions['offset_unit']>;

/** From UTF-16 indices of a text to indices in `unit`. @throws RangeError for an unknown unit */
export function indexIn(text: string, unit: OffsetUnit = 'utf16'): (index: number) => number {
  if (unit !== 'utf16' && unit !== 'codepoint') {
    throw new RangeError(
      `Cannot count offsets: offset_unit is ${JSON.stringify(unit)}, expected "utf16" or "codepoint"`,
    );
  }
  const before = unit === 'codepoint' ? codePointsBefore(text) : undefined;
  return (index) => before?.[index] ?? index;
}

/** Code points of a text. */
export function codePointLength(text: string): number {
  let length = 0;
  for (const _ of text) length++;
  return length;
}
