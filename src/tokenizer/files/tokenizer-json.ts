/**
 * The parts of a tokenizer.json that decide how text becomes tokens. A part that is null or of
 * another kind than BERT's is obeyed where BERT's steps can do what it does, and refused by name
 * elsewhere. A part that is left out is BERT's.
 */

import { TokenizerError } from '../../errors.ts';
import { shown } from '../text/shown.ts';
import type { Fields } from './settings.ts';

/** Sequences inside one another at most. */
const MAX_DEPTH = 8;

/** The values in a tokenizer.json, by the names of options. @throws TokenizerError for other parts */
export function storedIn(json: Fields | undefined): Fields {
  const model = modelOf(json?.model);
  const { lowercase, strip_accents, handle_chinese_chars, clean_text } = normalizerOf(
    json?.normalizer,
  );
  const { direction, pad_token, pad_type_id } = fieldsOf(json?.padding);
  return {
    do_basic_tokenize: isSplitAtPunctuation(json?.pre_tokenizer),
    do_lower_case: lowercase,
    strip_accents,
    tokenize_chinese_chars: handle_chinese_chars,
    clean_text,
    wordpieces_prefix: model.continuing_subword_prefix,
    max_input_chars_per_word: model.max_input_chars_per_word,
    unk_token: model.unk_token,
    decoder: decoderOf(json?.decoder),
    pad_token,
    pad_token_type_id: pad_type_id,
    padding_side: direction,
    truncation_side: fieldsOf(json?.truncation).direction,
  };
}

/** The fields of a WordPiece model. */
function modelOf(model: unknown): Fields {
  const fields = fieldsOf(model);
  const kind = fields.type ?? (fields.merges === undefined ? 'WordPiece' : 'BPE');
  return kind === 'WordPiece' ? fields : refuse('model', shown(kind), 'WordPiece');
}

/** The normalizer as the flags of BertNormalizer. */
function normalizerOf(normalizer: unknown): Fields {
  if (normalizer === undefined) return {};
  const steps = stepsIn('normalizer', normalizer, 'normalizers', MAX_DEPTH);
  let flags: Fields = NOTHING;
  for (const [i, step] of steps.entries()) {
    const type = step.type ?? 'BertNormalizer';
    if (type === 'Lowercase') flags = { ...flags, lowercase: true };
    // After another step, its own would come in another order.
    else if (type === 'BertNormalizer' && i === 0) {
      flags = { ...step, strip_accents: step.strip_accents ?? step.lowercase };
    } else refuse('normalizer', kindsOf(steps), 'BertNormalizer');
  }
  return flags;
}

/** A normalizer that changes nothing. */
const NOTHING = {
  clean_text: false,
  handle_chinese_chars: false,
  strip_accents: false,
  lowercase: false,
};

/** Whether words are split at punctuation too, or at white space alone; undefined for no part. */
function isSplitAtPunctuation(splitter: unknown): boolean | undefined {
  if (splitter === undefined) return undefined;
  const steps = stepsIn('pre_tokenizer', splitter, 'pretokenizers', MAX_DEPTH);
  const [first, second] = steps;
  if (steps.length === 1 && (first!.type ?? 'BertPreTokenizer') === 'BertPreTokenizer') return true;
  if (steps.length === 1 && first!.type === 'WhitespaceSplit') return false;
  const isBoth = first?.type === 'WhitespaceSplit' && second?.type === 'Punctuation';
  if (isBoth && steps.length === 2 && (second.behavior ?? 'Isolated') === 'Isolated') return true;
  return refuse('pre_tokenizer', kindsOf(steps), 'BertPreTokenizer');
}

/** The decoder: null joins tokens with blanks. Undefined for no part. */
function decoderOf(decoder: unknown): { prefix: string; cleanup: boolean } | null | undefined {
  if (decoder === undefined) return undefined;
  const steps = stepsIn('decoder', decoder, 'decoders', MAX_DEPTH);
  if (steps.length === 0) return null;
  const [{ type = 'WordPiece', prefix = '##', cleanup = true } = {}] = steps;
  if (steps.length > 1 || type !== 'WordPiece') refuse('decoder', kindsOf(steps), 'WordPiece');
  if (typeof prefix === 'string' && typeof cleanup === 'boolean') return { prefix, cleanup };
  throw new TokenizerError(
    `Cannot read tokenizer.json: decoder has prefix ${shown(prefix)} and cleanup ${shown(cleanup)}, expected a string and a boolean`,
  );
}

/** The steps of a part: those of a Sequence, itself, or none for null. */
function stepsIn(part: string, value: unknown, list: string, depth: number): readonly Fields[] {
  if (value === null) return [];
  if (typeof value !== 'object' || Array.isArray(value)) refuse(part, shown(value), 'an object');
  const step = value as Fields;
  if (step.type !== 'Sequence') return [step];
  const steps = step[list];
  if (depth === 0 || !Array.isArray(steps)) refuse(part, 'a broken Sequence', 'a list of steps');
  return steps.flatMap((one) => stepsIn(part, one, list, depth - 1));
}

function kindsOf(steps: readonly Fields[]): string {
  if (steps.length === 0) return 'null';
  return steps
    .slice(0, 8)
    .map(({ type }) => shown(type))
    .join(', then ');
}

export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function refuse(part: string, found: string, expected: string): never {
  throw new TokenizerError(
    `Cannot read tokenizer.json: ${part} is ${found}, expected ${shown(expected)}`,
  );
}
