/** Arguments of a command: node:util's parseArgs, with its complaints as usage errors. */

import { type ParseArgsConfig, parseArgs } from 'node:util';

/** A call that cannot be understood; the command line exits with 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Options as parseArgs takes them, by name. */
type Options = NonNullable<ParseArgsConfig['options']>;

/** A call as parseArgs takes it. */
interface Call<T extends Options> {
  args: string[];
  options: T;
  allowPositionals: true;
}

/** Options by name, and what stands beside them. @throws UsageError */
export function parseArguments<const T extends Options>(
  args: readonly string[],
  options: T,
): ReturnType<typeof parseArgs<Call<T>>> {
  try {
    return parseArgs<Call<T>>({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    const { message } = error as Error;
    // The first sentence, as the rest of one: "Unknown option '--foo'. To specify a positional ..."
    const found = message.split(/\. |\n/)[0]!.replaceAll("'", '"');
    throw new UsageError(
      `Cannot read arguments: ${found[0]!.toLowerCase()}${found.slice(1)}, expected a call as --help describes it`,
    );
  }
}

/** A whole number from 1 on. @throws UsageError */
export function positiveInteger(option: string, value: string): number {
  if (/^[1-9]\d{0,8}$/.test(value)) return Number(value);
  throw new UsageError(
    `Cannot read arguments: --${option} is ${JSON.stringify(value)}, expected a whole number from 1 on`,
  );
}

/** A whole number from 0 on. @throws UsageError */
export function naturalNumber(option: string, value: string): number {
  if (/^\d{1,9}$/.test(value)) return Number(value);
  throw new UsageError(
    `Cannot read arguments: --${option} is ${JSON.stringify(value)}, expected a whole number from 0 on`,
  );
}

/** One of several words. @throws UsageError */
export function oneOf<T extends string>(option: string, value: string, words: readonly T[]): T {
  const known = words.find((word) => word === value);
  if (known !== undefined) return known;
  const expected = words.map((word) => `"${word}"`).join(', ');
  throw new UsageError(
    `Cannot read arguments: --${option} is ${JSON.stringify(value)}, expected one of ${expected}`,
  );
}
