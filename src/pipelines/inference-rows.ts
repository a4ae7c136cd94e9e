/**
 * Premises and hypotheses -> a row for each pair of them, every text tokenised once. Where a pair is
 * too long the premise is cut, never the hypothesis: what `truncation='only_first'` does of a pair.
 */

import type { MobileBertConfig } from '../config/config.ts';
import type { PreTrainedTokenizer } from '../tokenizer/api/tokenizer.ts';
import { breathe } from './breathe.ts';
import { checkRow, type Row, TEXTS_PER_TURN, tokenLimit } from './encode.ts';

export interface InferenceOptions {
  /** Cut premises that are too long (default); `false`: refuse them. */
  truncation?: boolean | undefined;
  /** Most tokens of a pair; default what tokenizer and model allow. */
  max_length?: number | null | undefined;
  /** Stops the call between passes; it rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/**
 * All hypotheses of the first premise, then of the second, and so on. A hypothesis that leaves no
 * token to the premise leaves it whole, as in Python; then the model may refuse the pair.
 *
 * @throws InputError when a pair is too long or the tokenizer is of another model
 */
export async function inferenceRows(
  premises: readonly string[],
  hypotheses: readonly string[],
  tokenizer: PreTrainedTokenizer,
  config: MobileBertConfig,
  { truncation = true, max_length, signal }: InferenceOptions,
): Promise<Row[]> {
  const limit = tokenLimit(tokenizer, config, max_length);
  const room = limit - tokenizer.num_special_tokens_to_add(true);
  // One token more than a model can take: enough to tell that a text is too long.
  const most = { truncation: true, max_length: config.max_position_embeddings + 1 };
  const encode = (text: string) => tokenizer.encode(text, { ...most, add_special_tokens: false });
  const seconds = hypotheses.map(encode);
  const rows: Row[] = [];
  for (const premise of premises) {
    const first = encode(premise);
    for (const second of seconds) {
      if (rows.length > 0 && rows.length % TEXTS_PER_TURN === 0) await breathe(signal);
      const isCut = truncation && second.length < room;
      const kept = isCut ? cut(first, room - second.length, tokenizer) : first;
      const row = {
        input_ids: tokenizer.build_inputs_with_special_tokens(kept, second),
        token_type_ids: tokenizer.create_token_type_ids_from_sequences(kept, second),
      };
      checkRow(row, config);
      rows.push(row);
    }
  }
  return rows;
}

function cut(ids: number[], room: number, { truncation_side }: PreTrainedTokenizer): number[] {
  return truncation_side === 'left' ? ids.slice(-room) : ids.slice(0, room);
}
