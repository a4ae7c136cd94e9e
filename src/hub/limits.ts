/** Bounds on files that are read as text: bytes, and for JSON the nesting. */

import type { JsonBounds } from '../json.ts';

/** Bounds of one file. */
export interface TextBounds {
  /** After decompression. */
  readonly bytes: number;
  readonly json: JsonBounds;
}

const MB = 1_000_000;

/** Bounds by file name; the first that fits holds. */
const BOUNDS: readonly [file: RegExp, bytes: number, depth: number][] = [
  [/(^|\/)config\.json$/, MB, 32],
  [/(^|\/)special_tokens_map\.json$/, MB, 16],
  [/(^|\/)(tokenizer|vocab)\.(json|txt)$/, 64 * MB, 64],
  [/\.index\.json$/, 16 * MB, 8],
  [/\.json$/, 16 * MB, 64],
];
const OTHERS = 64 * MB;

/**
 * The bounds of a file, by its name. As in Python, `NaN` and `Infinity` are read, and of equal keys
 * the last counts.
 */
export function boundsOf(file: string): TextBounds {
  const [, bytes = OTHERS, depth = 64] = BOUNDS.find(([name]) => name.test(file)) ?? [];
  return { bytes, json: { depth, mayRepeatKeys: true, mayHoldNaN: true } };
}
