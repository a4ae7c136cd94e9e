/** The texts of a call: one or a list, checked and always as a list. */

/** One result for one text, a list of them for a list. */
export type PerText<Input, Result> = Input extends readonly unknown[] ? Result[] : Result;

/**
 * @param action what fails, as in "Cannot embed"
 * @param name what the argument is called
 * @throws TypeError or RangeError for what is neither a string nor a list of at least one
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

/** What a value is, in a few words for messages. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
