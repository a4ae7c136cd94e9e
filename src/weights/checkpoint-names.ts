/**
 * A tensor's name in a checkpoint -> the name that it has in Hugging Face's model. Wrappers of
 * training (DataParallel, torch.compile, FSDP, PEFT, Lightning) and classes that hold the model as a
 * member put prefixes in front of it.
 */

/** Prefix of the encoder's names in checkpoints of the classes with a head. */
const BASE = 'mobilebert.';

/** Levels that wrappers add to a name, wherever they stand. */
const WRAPPERS: ReadonlySet<string> = new Set([
  'module',
  '_orig_mod',
  '_forward_module',
  '_fsdp_wrapped_module',
  '_checkpoint_wrapped_module',
]);
/** Names of members that hold a model, in front of its own names. */
const OUTER: ReadonlySet<string> = new Set([
  'model',
  'base_model',
  'auto_model',
  'net',
  'network',
  'backbone',
  'transformer',
  'encoder',
  'bert',
  'mobilebert',
  // Of a Sequential: sentence-transformers' first module.
  '0',
]);
/** The longest name that is taken apart. */
const MAX_NAME = 1000;

/** The name of a parameter, and what stood around it. */
export interface CanonicalName {
  readonly name: string;
  /** The levels that were removed, such as "module."; empty where none was. */
  readonly prefix: string;
}

/**
 * The parameter that a checkpoint's name stands for: with or without the encoder's prefix, with the
 * LayerNorm names of old TensorFlow conversions, and inside wrappers in any order. Where no name is
 * known, what is left without wrappers.
 */
export function canonicalName(name: string, isKnown: (name: string) => boolean): CanonicalName {
  const modern = name
    .replace(/LayerNorm\.gamma$/, 'LayerNorm.weight')
    .replace(/LayerNorm\.beta$/, 'LayerNorm.bias');
  const own = withOrWithoutBase(modern, isKnown);
  if (own !== undefined) return { name: own, prefix: '' };
  if (name.length > MAX_NAME) return { name: modern, prefix: '' };
  const levels = modern.split('.');
  const removed = levels.filter((level) => WRAPPERS.has(level));
  const rest = levels.filter((level) => !WRAPPERS.has(level));
  for (;;) {
    const found = withOrWithoutBase(rest.join('.'), isKnown);
    if (found !== undefined) return { name: found, prefix: prefixOf(removed) };
    if (rest.length < 2 || !OUTER.has(rest[0]!)) break;
    removed.push(rest.shift()!);
  }
  return { name: rest.join('.'), prefix: prefixOf(removed) };
}

/** Whether a tensor of an old checkpoint is a buffer, and no parameter. */
export function isBuffer(name: string): boolean {
  return name.endsWith('embeddings.position_ids');
}

/** Whether a name is that of a head. A checkpoint may have another class's head, or none. */
export function isHeadName(name: string): boolean {
  return HEAD_NAME.test(canonicalName(name, (candidate) => HEAD_NAME.test(candidate)).name);
}

const HEAD_NAME = /^(cls\.|classifier\.|qa_outputs\.|(mobilebert\.)?pooler\.)/;

function withOrWithoutBase(name: string, isKnown: (name: string) => boolean): string | undefined {
  const other = name.startsWith(BASE) ? name.slice(BASE.length) : BASE + name;
  return [name, other].find(isKnown);
}

function prefixOf(levels: readonly string[]): string {
  return levels.map((level) => `${level}.`).join('');
}
