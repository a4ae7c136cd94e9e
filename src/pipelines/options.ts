/** Checks of options that several pipelines take. Each complaint begins with the action at hand. */

/**
 * A whole number from `low` to `high`.
 *
 * @throws RangeError for anything else
 */
export function checkInteger(
  action: string,
  option: string,
  value: unknown,
  low: number,
  high = Number.MAX_SAFE_INTEGER,
): number {
  if (Number.isInteger(value) && (value as number) >= low && (value as number) <= high) {
    return value as number;
  }
  const range = high === Number.MAX_SAFE_INTEGER ? `${low} on` : `${low} to ${high}`;
  throw new RangeError(
    `Cannot ${action}: ${option} is ${shown(value)}, expected an integer from ${range}`,
  );
}

/**
 * One of several words.
 *
 * @throws RangeError for anything else
 */
export function checkWord<T extends string>(
  action: string,
  option: string,
  value: unknown,
  words: readonly T[],
): T {
  const known = words.find((word) => word === value);
  if (known !== undefined) return known;
  const expected = words.map((word) => `"${word}"`).join(', ');
  throw new RangeError(
    `Cannot ${action}: ${option} is ${shown(value)}, expected one of ${expected}`,
  );
}

/** What was found, in a few words. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
