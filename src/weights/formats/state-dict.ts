/**
 * What was pickled -> the one dict of tensors in it. Training scripts save weights beside epochs,
 * optimizers and averages, under names that they share.
 */

import { quote } from '../tensor-info.ts';

/** Names of the weights in a checkpoint of training, the usual ones first. */
const USUAL = [
  'state_dict',
  'model_state_dict',
  'model_state',
  'model',
  'module',
  'net',
  'network',
];
/** Names of dicts whose tensors are no weights. */
const NO_WEIGHTS = /optim|sched|scaler|callback|loop|rng/i;
/** The most dicts inside one another on the way to the weights. */
const MAX_DEPTH = 4;
/** A hundred times those of a MobileBERT of 24 layers. */
const MAX_TENSORS = 100_000;
/** The most dicts that are looked at. */
const MAX_DICTS = 1000;

type Dict = ReadonlyMap<unknown, unknown>;

/** The tensors by name, and what a user should know about the choice. */
export interface ChosenDict<Tensor> {
  readonly entries: readonly [name: string, Tensor][];
  readonly notes: readonly string[];
}

/**
 * Chooses the dict with a usual name, else the outermost one where it has tensors, else the only one
 * that has. Nothing that was unpickled is turned into text but the keys of dicts.
 *
 * @throws SyntaxError where there is none, or more than one
 */
export function chooseStateDict<Tensor>(
  value: unknown,
  isTensor: (value: unknown) => value is Tensor,
): ChosenDict<Tensor> {
  if (!(value instanceof Map)) {
    throw new SyntaxError('it holds no state_dict, expected a dict of tensors');
  }
  const path: string[] = [];
  let dict: Dict = value;
  while (path.length < MAX_DEPTH) {
    const next = usual(dict, isTensor);
    if (!next) break;
    path.push(next[0]);
    dict = next[1];
  }
  if (!hasTensors(dict, isTensor)) {
    const [only, ...others] = dictsOfTensors(dict, isTensor);
    if (!only) throw new SyntaxError(nothingIn(dict));
    if (others.length > 0) throw new SyntaxError(severalIn([only, ...others]));
    path.push(only.name);
    dict = only.dict;
  }
  const entries: [string, Tensor][] = [];
  const left: string[] = [];
  for (const [key, item] of dict) {
    if (isTensor(item)) entries.push([String(key), item]);
    else left.push(String(key));
  }
  if (entries.length > MAX_TENSORS) {
    throw new SyntaxError(`it holds ${entries.length} tensors, expected at most ${MAX_TENSORS}`);
  }
  const notes: string[] = [];
  if (path.length > 0) notes.push(`weights were read from ${quote(path.join('.'))} of the file`);
  if (left.length > 0) notes.push(`left out what is no tensor: ${listed(left)}`);
  return { entries, notes };
}

/** The dict with the first of the usual names that has tensors, or dicts of them. */
function usual(dict: Dict, isTensor: (value: unknown) => boolean): [string, Dict] | undefined {
  for (const name of USUAL) {
    const inner = dict.get(name);
    if (inner instanceof Map && dictsOfTensors(inner, isTensor).length > 0) return [name, inner];
  }
  return undefined;
}

function hasTensors(dict: Dict, isTensor: (value: unknown) => boolean): boolean {
  for (const item of dict.values()) if (isTensor(item)) return true;
  return false;
}

/** A dict, and its keys on the way from where the search began. */
interface NamedDict {
  readonly name: string;
  readonly dict: Dict;
  readonly depth: number;
}

/** The dicts below `root` that hold tensors, the outermost first; each once, whatever holds it. */
function dictsOfTensors(root: Dict, isTensor: (value: unknown) => boolean): NamedDict[] {
  const queue: NamedDict[] = [{ name: '', dict: root, depth: 0 }];
  const seen = new Set<Dict>([root]);
  const found: NamedDict[] = [];
  for (const { name, dict, depth } of queue) {
    if (hasTensors(dict, isTensor)) {
      found.push({ name, dict, depth });
      continue;
    }
    if (depth === MAX_DEPTH) continue;
    for (const [key, item] of dict) {
      if (!(item instanceof Map) || seen.has(item) || NO_WEIGHTS.test(String(key))) continue;
      if (seen.size === MAX_DICTS) throw new SyntaxError(`it holds more than ${MAX_DICTS} dicts`);
      seen.add(item);
      queue.push({
        name: name === '' ? String(key) : `${name}.${String(key)}`.slice(0, 200),
        dict: item,
        depth: depth + 1,
      });
    }
  }
  return found;
}

function nothingIn(dict: Dict): string {
  const [first] = dict.keys();
  if (first === undefined) return 'it holds an empty dict, expected a dict of tensors';
  return `entry ${quote(String(first))} is no tensor, expected a dict of tensors`;
}

function severalIn(dicts: readonly NamedDict[]): string {
  const shown = dicts.slice(0, 5).map(({ name, dict }) => `${quote(name)} of ${dict.size} entries`);
  return `it holds ${dicts.length} dicts of tensors (${shown.join(', ')}), expected one, or one called "${USUAL[0]}"`;
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 5).map(quote);
  if (names.length > 5) shown.push(`and ${names.length - 5} more`);
  return shown.join(', ');
}
