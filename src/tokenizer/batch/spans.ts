/**
 * Source spans of tokens in the unit a caller asked for: UTF-16 units, in which `slice` counts, or
 * code points, in which Python does.
 */

import type { Sequence } from '../text/token-buffer.ts';
import type { Sample } from './inputs.ts';

/** Gives [start, end) of a token by its number. */
export type SpanReader = (token: number) => [number, number];

/**
 * A reader of the spans of a tracked sequence. Spans of given words count in the word.
 * @throws RangeError on an unknown unit
 */
export function spanReader(
  { starts, ends, words }: Sequence,
  source: Sample[number],
  unit: 'utf16' | 'codepoint' = 'utf16',
): SpanReader {
  if (unit === 'utf16') return (token) => [starts[token]!, ends[token]!];
  if (unit !== 'codepoint') {
    throw new RangeError(
      `Cannot tokenize: offset_unit is "${unit}", expected "utf16" or "codepoint"`,
    );
  }
  const known = new Map<string, Int32Array | undefined>();
  return (token) => {
    const text = typeof source === 'string' ? source : source[words[token]!]!;
    const before = known.has(text) ? known.get(text) : codePointsBefore(text);
    known.set(text, before);
    const span: [number, number] = [starts[token]!, ends[token]!];
    return before ? [before[span[0]]!, before[span[1]]!] : span;
  };
}

/** For each unit index the number of code points before it; undefined where they are the same. */
export function codePointsBefore(text: string): Int32Array | undefined {
  if (!/[\ud800-\udfff]/.test(text)) return undefined;
  const before = new Int32Array(text.length + 1);
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    before[i] = count++;
    if (text.codePointAt(i)! > 0xffff) before[++i] = count;
  }
  before[text.length] = count;
  return before;
}
