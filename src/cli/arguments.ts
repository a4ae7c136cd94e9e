/** The arguments of a command: parsed by node:util's parseArgs, checked, refused as UsageError. */

import { type ParseArgsConfig, parseArgs } from 'node:util';

/** A call that cannot be understood. The exit code is 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Options by name, as parseArgs takes them. */
type Options = NonNullable<ParseArgsConfig['options']>;

/** The configuration of parseArgs for a command. */
interface Call<T extends Options> {
  args: string[];
  options: T;
  allowPositionals: true;
}

/** Parses options and positional arguments. @throws UsageError */
export function parseArguments<const T extends Options>(
  args: readonly string[],
  options: T,
): ReturnType<typeof parseArgs<Call<T>>> {
  try {
    return parseArgs<Call<T>>({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    const { message } = error as Error;
    // Only the first sentence: "Unknown option '--foo'. To specify a positional argument ..."
    const found = message.split(/\. |\n/)[0]!.replaceAll("'", '"');
    throw wrong(
      `${found[0]!.toLowerCase()}${found.slice(1)}, expected arguments as --help describes`,
    );
  }
}

/** An integer of at least 1. @throws UsageError */
export function positiveInteger(option: string, value: string): number {
  if (/^[1-9]\d{0,8}$/.test(value)) return Number(value);
  throw wrongValue(option, value, 'a whole number of at least 1');
}

/** An integer of at least 0. @throws UsageError */
export function naturalNumber(option: string, value: string): number {
  if (/^\d{1,9}$/.test(value)) return Number(value);
  throw wrongValue(option, value, 'a whole number of at least 0');
}

/** Any number. @throws UsageError */
export function anyNumber(option: string, value: string): number {
  if (value.trim() !== '' && !Number.isNaN(Number(value))) return Number(value);
  throw wrongValue(option, value, 'a number');
}

/** One of several words. @throws UsageError */
export function oneOf<T extends string>(option: string, value: string, words: readonly T[]): T {
  const known = words.find((word) => word === value);
  if (known !== undefined) return known;
  throw wrongValue(option, value, `one of ${words.map((word) => `"${word}"`).join(', ')}`);
}

function wrongValue(option: string, value: string, expected: string): UsageError {
  return wrong(`--${option} is ${JSON.stringify(value)}, expected ${expected}`);
}

function wrong(problem: string): UsageError {
  return new UsageError(`Cannot read arguments: ${problem}`);
}
