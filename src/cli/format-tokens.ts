/** What a tokenizer makes of texts, as tables: token by token, or only how many. */

import type { PreTrainedTokenizer } from '../tokenizer/api/tokenizer.ts';
import { type Cell, formatTable, type TableStyle } from './table.ts';
import { printable } from './text-width.ts';

const COLUMNS = [
  { title: 'Token', isFlexible: true },
  { title: 'Id', pad: 'left' },
  { title: 'Start', pad: 'left' },
  { title: 'End', pad: 'left' },
  { title: 'Text', isFlexible: true },
] as const;

const COUNT_COLUMNS = [
  { title: 'Text', isFlexible: true },
  { title: 'Tokens', pad: 'left' },
] as const;

/** A text and its tokens; offsets are UTF-16 places, null for special tokens. */
export interface Tokens {
  readonly text: string;
  readonly tokens: readonly string[];
  readonly input_ids: readonly number[];
  readonly offsets: readonly ([start: number, end: number] | null)[];
}

export function tokensOf(text: string, tokenizer: PreTrainedTokenizer, isWhole: boolean): Tokens {
  const encoded = tokenizer(text, {
    ...{ add_special_tokens: isWhole, return_offsets_mapping: true, return_tensor: false },
  });
  const sequences = encoded.sequence_ids();
  const spans = encoded.offset_mapping as [number, number][];
  const offsets = spans.map((span, i) => (sequences[i] === null ? null : span));
  return { text, tokens: encoded.tokens(), input_ids: encoded.input_ids, offsets };
}

/** The text, and below it a table: token, id and the part of the text that it stands for. */
export function formatTokens(
  { text, tokens, input_ids, offsets }: Tokens,
  style: TableStyle,
): string {
  const rows = tokens.map((token, i): Cell[] => {
    const id = String(input_ids[i]);
    const span = offsets[i];
    if (!span)
      return [
        { text: token, color: 'dim' },
        { text: id, color: 'dim' },
      ];
    return [token, id, String(span[0]), String(span[1]), text.slice(...span)];
  });
  return `${style.paint(printable(text), 'bold')}\n${formatTable(COLUMNS, rows, style)}`;
}

/** How many tokens each text has, in red where that is more than `limit`. */
export function formatCounts(all: readonly Tokens[], limit: number, style: TableStyle): string {
  const rows = all.map(({ text, tokens }): Cell[] => {
    const count = tokens.length.toLocaleString('en');
    return [text, tokens.length > limit ? { text: count, color: 'red' } : count];
  });
  return formatTable(COUNT_COLUMNS, rows, style);
}
