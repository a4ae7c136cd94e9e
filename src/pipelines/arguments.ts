/**
 * Arguments that several pipelines take, checked and brought into one form. Every error message
 * begins with the `action` that failed: 'classify', 'fill masks'.
 */

import type { CallOptions } from '../tokenizer/batch/arguments.ts';
import { codePointsBefore } from '../tokenizer/text/unicode.ts';

/** One result for one text, an array of results for an array of texts. */
export type PerText<Input, Result> = Input extends readonly unknown[] ? Result[] : Result;

/** Unit of offsets in a text: UTF-16 code units, as in `slice`, or code points, as in Python. */
export type OffsetUnit = NonNullable<CallOptions['offset_unit']>;

/**
 * One text or several, always as a list.
 *
 * @param name of the argument, for messages
 * @throws TypeError unless the value is a string or an array of strings, RangeError for an empty
 * array
 */
export function textsOf(action: string, name: string, value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (!Array.isArray(value)) {
    throw new TypeError(
      `Cannot ${action}: ${name} is ${kindOf(value)}, expected a string or an array of strings`,
    );
  }
  if (value.length === 0) {
    throw new RangeError(
      `Cannot ${action}: ${name} is an empty array, expected at least one string`,
    );
  }
  return Array.from(value, (text: unknown, i) => {
    if (typeof text === 'string') return text;
    throw new TypeError(`Cannot ${action}: ${name}[${i}] is ${kindOf(text)}, expected a string`);
  });
}

/** @throws RangeError unless the value is an integer from `low` to `high` */
export function checkInteger(
  action: string,
  name: string,
  value: unknown,
  low: number,
  high = Number.MAX_SAFE_INTEGER,
): number {
  if (isInteger(value, low, high)) return value;
  const range = high === Number.MAX_SAFE_INTEGER ? `${low} on` : `${low} to ${high}`;
  throw new RangeError(
    `Cannot ${action}: ${name} is ${shown(value)}, expected an integer from ${range}`,
  );
}

/**
 * How many results to give, null for all of them.
 *
 * @throws RangeError unless the value is null, undefined or an integer from 1 on
 */
export function topKOf(action: string, value: unknown, fallback: number | null): number | null {
  if (value === undefined) return fallback;
  if (value === null || isInteger(value, 1)) return value;
  throw new RangeError(
    `Cannot ${action}: top_k is ${shown(value)}, expected an integer from 1 on, or null for all`,
  );
}

/** @throws RangeError unless the value is one of `words` */
export function checkWord<T extends string>(
  action: string,
  name: string,
  value: unknown,
  words: readonly T[],
): T {
  const known = words.find((word) => word === value);
  if (known !== undefined) return known;
  const expected = words.map((word) => `"${word}"`).join(', ');
  throw new RangeError(`Cannot ${action}: ${name} is ${shown(value)}, expected one of ${expected}`);
}

/**
 * Converts UTF-16 offsets in `text` to offsets in `unit`.
 *
 * @throws RangeError for an unknown unit
 */
export function offsetConverter(
  text: string,
  unit: OffsetUnit = 'utf16',
): (offset: number) => number {
  if (unit !== 'utf16' && unit !== 'codepoint') {
    throw new RangeError(
      `Cannot count offsets: offset_unit is ${JSON.stringify(unit)}, expected "utf16" or "codepoint"`,
    );
  }
  const before = unit === 'codepoint' ? codePointsBefore(text) : undefined;
  return (offset) => before?.[offset] ?? offset;
}

/** The type of a value as messages name it: 'null', 'an array', 'a number'. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** A value as messages quote it; of arrays and objects only the type. */
function shown(value: unknown): string {
  if (typeof value === 'object' && value !== null) return kindOf(value);
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

function isInteger(value: unknown, low: number, high = Number.MAX_SAFE_INTEGER): value is number {
  return Number.isInteger(value) && (value as number) >= low && (value as number) <= high;
}
