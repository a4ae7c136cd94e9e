/** The arguments of a command: parsed by node:util's parseArgs, checked, refused as UsageError. */

import { type ParseArgsConfig, parseArgs } from 'node:util';
import { nearestName } from '../options.ts';

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

/**
 * Parses options and positional arguments. Of an option that is there twice, the last counts.
 *
 * @throws UsageError for an option that is unknown or lacks its value
 */
export function parseArguments<const T extends Options>(
  args: readonly string[],
  options: T,
): ReturnType<typeof parseArgs<Call<T>>> {
  try {
    return parseArgs<Call<T>>({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw refusalOf(error as NodeJS.ErrnoException, args, options);
  }
}

/** An error of parseArgs in our words. Its messages quote the option: `'-f, --file <value>'`. */
function refusalOf(
  { code, message }: NodeJS.ErrnoException,
  args: readonly string[],
  options: Options,
): UsageError {
  const [, quoted = ''] = /'(?:-., )?(--?[^\s']*)/.exec(message) ?? [];
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') {
    return unknownOption(argumentWith(quoted, args), Object.keys(options));
  }
  const name = nameOf(quoted, options);
  if (message.includes('does not take an argument')) {
    return wrong(`--${name} has a value, expected none`);
  }
  if (!message.includes('ambiguous')) {
    return wrong(`--${name} has no value, expected "--${name} VALUE"`);
  }
  const at = args.findIndex((one) => one === `--${name}` || one === `-${options[name]?.short}`);
  const next = args[at + 1] ?? '';
  return wrong(
    `--${name} is followed by ${JSON.stringify(next)}, expected its value, which is written "--${name}=${next}" if it begins with "-"`,
  );
}

/** The argument that holds an option: `-topk` of `-t`. */
function argumentWith(option: string, args: readonly string[]): string {
  if (option.startsWith('--')) return option;
  return args.find((one) => /^-[^-]/.test(one) && one.includes(option.slice(1))) ?? option;
}

/** The long name of an option that is given by its short one. */
function nameOf(option: string, options: Options): string {
  if (option.startsWith('--')) return option.slice(2);
  const found = Object.entries(options).find(([, { short }]) => short === option.slice(1));
  return found?.[0] ?? option.slice(1);
}

function unknownOption(given: string, options: readonly string[]): UsageError {
  const names = [...options, 'help'];
  const found = `option ${JSON.stringify(given.slice(0, 60))} is unknown`;
  if (/\s|^-\d/.test(given)) {
    return wrong(`${found}, expected "--" before texts that begin with "-"`);
  }
  const near = nearestName(given.replace(/^-+/, ''), names);
  if (near !== undefined) return wrong(`${found}, expected "--${near}"`);
  return wrong(`${found}, expected one of ${names.map((name) => `--${name}`).join(', ')}`);
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
