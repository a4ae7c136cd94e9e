/**
 * Files of reference outputs, which `mobilebert-wasm verify` compares a model with (docs/accuracy.md). In:
 * JSON text, and a model's outputs. Out: how far they are apart.
 */

import { parseJson } from '../json.ts';

/** One call and what it must give. */
export interface Reference {
  readonly input_ids: readonly (readonly number[])[];
  readonly attention_mask?: readonly (readonly number[])[] | undefined;
  readonly token_type_ids?: readonly (readonly number[])[] | undefined;
  /** By output: nested lists, of the whole output or of its first indices along every axis. */
  readonly outputs: Readonly<Record<string, Nested>>;
  /** The largest relative error of a number. */
  readonly relative?: number | undefined;
  /** The largest relative L2 error of a row of the last axis; 1e-4 where there is no `relative`. */
  readonly relative_l2?: number | undefined;
}

/** A number, or a list of lists. */
export type Nested = number | readonly Nested[];

/** What a model gave. */
export interface Found {
  readonly dims: readonly number[];
  readonly data: ArrayLike<number>;
}

/** One output beside its reference. */
export interface Comparison {
  readonly output: string;
  /** Numbers that were compared. */
  readonly count: number;
  /** The largest relative error of a number, and of a row in L2. */
  readonly relative: number;
  readonly relative_l2: number;
  readonly isRight: boolean;
}

/** Where the reference gives no bounds. */
const DEFAULT_L2 = 1e-4;

const INPUTS = ['input_ids', 'attention_mask', 'token_type_ids'] as const;

/** Lists within one another: those of references, their outputs and the axes of an output. */
const DEPTH = 12;

/**
 * Reads one reference, or a list of them.
 *
 * @throws Error for text that is no JSON, or JSON of another form
 */
export function parseReferences(text: string, file: string): Reference[] {
  const parsed = read(text, file);
  const all = Array.isArray(parsed) ? parsed : [parsed];
  if (all.length === 0) throw wrong(file, 'an empty list', 'at least one reference');
  return all.map((one) => checked(one, file));
}

function read(text: string, file: string): unknown {
  try {
    return parseJson(text, { depth: DEPTH });
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new Error(`Cannot read the reference "${file}": ${cause.message}`, { cause });
  }
}

/** Compares an output with its reference. */
export function compare(output: string, nested: Nested, found: Found, of: Reference): Comparison {
  const { dims, values } = flatten(nested);
  const isInside =
    dims.length === found.dims.length && dims.every((size, axis) => size <= found.dims[axis]!);
  if (!isInside) {
    throw new Error(
      `Cannot compare ${output}: the reference is [${dims.join(', ')}], found [${found.dims.join(', ')}]`,
    );
  }
  const width = dims.at(-1) ?? 1;
  let [relative, l2] = [0, 0];
  for (let first = 0; first < values.length; first += width) {
    let [error, norm] = [0, 0];
    for (let i = first; i < first + width; i++) {
      const [expected, actual] = [values[i]!, found.data[placeOf(i, dims, found.dims)]!];
      const difference = Math.abs(actual - expected);
      relative = largest(relative, difference === 0 ? 0 : difference / Math.abs(expected));
      error += difference ** 2;
      norm += expected ** 2;
    }
    l2 = largest(l2, error === 0 ? 0 : Math.sqrt(error / norm));
  }
  const { relative: most, relative_l2 = most === undefined ? DEFAULT_L2 : undefined } = of;
  const isRight =
    (most === undefined || relative <= most) && (relative_l2 === undefined || l2 <= relative_l2);
  return { output, count: values.length, relative, relative_l2: l2, isRight };
}

/** The larger number; NaN where either is NaN. */
function largest(a: number, b: number): number {
  return a > b ? a : b >= a ? b : Number.NaN;
}

/** Where element `i` of the first indices lies in the whole. */
function placeOf(i: number, dims: readonly number[], whole: readonly number[]): number {
  let place = 0;
  let step = 1;
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    place += (i % dims[axis]!) * step;
    i = Math.floor(i / dims[axis]!);
    step *= whole[axis]!;
  }
  return place;
}

function flatten(nested: Nested): { dims: number[]; values: number[] } {
  if (typeof nested === 'number') return { dims: [], values: [nested] };
  const parts = nested.map(flatten);
  return {
    dims: [parts.length, ...(parts[0]?.dims ?? [])],
    values: parts.flatMap(({ values }) => values),
  };
}

function checked(value: unknown, file: string): Reference {
  const one = value as Partial<Record<keyof Reference, unknown>> | null;
  if (typeof one !== 'object' || one === null || Array.isArray(one)) {
    throw wrong(file, JSON.stringify(one)?.slice(0, 40) ?? 'nothing', 'an object');
  }
  const known = [...INPUTS, 'outputs', 'relative', 'relative_l2'];
  const odd = Object.keys(one).find((key) => !known.includes(key));
  if (odd !== undefined) throw wrong(file, JSON.stringify(odd), `one of ${known.join(', ')}`);
  for (const name of INPUTS) {
    if (name !== 'input_ids' && one[name] === undefined) continue;
    const shape = shapeOf(one[name]);
    if (shape?.length !== 2) throw wrong(file, `${name} of another form`, 'a list of rows of ids');
  }
  for (const name of ['relative', 'relative_l2'] as const) {
    if (one[name] !== undefined && !(typeof one[name] === 'number' && one[name] > 0)) {
      throw wrong(file, `${name} ${JSON.stringify(one[name])}`, 'a number above 0');
    }
  }
  const outputs = one.outputs;
  if (typeof outputs !== 'object' || outputs === null || Object.keys(outputs).length === 0) {
    throw wrong(file, 'no outputs', 'at least one, as nested lists of numbers');
  }
  for (const [name, nested] of Object.entries(outputs)) {
    if (!shapeOf(nested)?.length) throw wrong(file, `${name} of another form`, 'nested lists');
  }
  return one as unknown as Reference;
}

/** The shape of nested lists of numbers; undefined for anything else, ragged lists among them. */
function shapeOf(value: unknown): number[] | undefined {
  if (typeof value === 'number') return [];
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const shapes = value.map(shapeOf);
  const [first] = shapes;
  const isEven = shapes.every((shape) => shape && first && shape.join() === first.join());
  return isEven ? [value.length, ...first!] : undefined;
}

function wrong(file: string, found: string, expected: string): Error {
  return new Error(`Cannot read the reference "${file}": found ${found}, expected ${expected}`);
}
