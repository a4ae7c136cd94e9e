/** The fields of a body, checked: those that are wanted and no others. */

import { InputError } from '../errors.ts';
import { kindOf } from '../pipelines/arguments.ts';
import type { Body } from './route.ts';

const ACTION = 'Cannot read the body';

/**
 * Refuses keys that nobody reads: an option that is not heard should not look as if it were.
 *
 * @throws InputError naming the first of them
 */
export function checkNames(body: Body, names: readonly string[]): void {
  const unknown = Object.keys(body).find((key) => !names.includes(key));
  if (unknown === undefined) return;
  const known = names.map((name) => `"${name}"`).join(' and ');
  throw new InputError(`${ACTION}: found ${shortened(unknown)}, expected ${known} only`);
}

/** @throws InputError for anything but a string that is not empty */
export function stringIn(body: Body, name: string): string {
  const value = own(body, name);
  if (typeof value === 'string' && value !== '') return value;
  const found = value === '' ? 'empty' : kindOf(value);
  throw new InputError(`${ACTION}: ${name} is ${found}, expected a string with text`);
}

/** @throws InputError for anything but a list of 1 to `most` strings */
export function stringsIn(body: Body, name: string, most: number): string[] {
  const expected = `expected 1 to ${most} strings`;
  const value = own(body, name);
  if (!Array.isArray(value)) {
    throw new InputError(`${ACTION}: ${name} is ${kindOf(value)}, ${expected}`);
  }
  if (value.length < 1 || value.length > most) {
    throw new InputError(`${ACTION}: ${name} has ${value.length} entries, ${expected}`);
  }
  const wrong = value.findIndex((text) => typeof text !== 'string');
  if (wrong < 0) return value;
  throw new InputError(`${ACTION}: ${name}[${wrong}] is ${kindOf(value[wrong])}, ${expected}`);
}

/** @throws InputError where a model would read more than `most` texts */
export function checkCount(what: string, count: number, most: number): void {
  if (count <= most) return;
  throw new InputError(`${ACTION}: found ${count} ${what}, expected at most ${most}`);
}

function own(body: Body, name: string): unknown {
  return Object.hasOwn(body, name) ? body[name] : undefined;
}

/** A key as it is quoted back. */
function shortened(key: string): string {
  return JSON.stringify(key.length > 40 ? `${key.slice(0, 40)}...` : key);
}
