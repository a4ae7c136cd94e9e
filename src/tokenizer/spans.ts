/**
 * Source spans of tokens in the unit a caller asked for: UTF-16 units, in which `slice` counts, or
 * code points, in which Python does.
 */

import type { Sample } from './inputs.ts';
import type { Sequence } from './token-buffer.ts';

/** [start, end) of each token of a tracked sequence. Spans of given words count in the word. */
export function spansOf(
  sequence: Sequence,
  source: Sample[number],
  unit: 'utf16' | 'codepoint' = 'utf16',
): [number, number][] {
  if (unit !== 'utf16' && unit !== 'codepoint') {
    throw new RangeError(
      `Cannot tokenize: offset_unit is "${unit}", expected "utf16" or "codepoint"`,
    );
  }
  const { starts, ends, words } = sequence;
  const counts = unit === 'utf16' ? undefined : new Map<string, Int32Array | undefined>();
  return Array.from(starts, (start, i) => {
    const text = typeof source === 'string' ? source : source[words[i]!]!;
    if (counts && !counts.has(text)) counts.set(text, codePointsBefore(text));
    const before = counts?.get(text);
    return before ? [before[start]!, before[ends[i]!]!] : [start, ends[i]!];
  });
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
