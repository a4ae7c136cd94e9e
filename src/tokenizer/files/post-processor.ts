/**
 * The post-processor of a tokenizer.json: which special tokens are put around texts, and the type
 * ids (tokenizers/src/processors). In: its JSON. Out: a template for a text and one for a pair.
 */

import { TokenizerError } from '../../errors.ts';
import type { TemplatePart, TemplateParts } from '../batch/rows.ts';
import { shown } from '../text/shown.ts';

/** Parts of a template at most. Real templates have five. */
const MAX_PARTS = 1024;

/** Sequences of post-processors inside one another at most. */
const MAX_DEPTH = 8;

/** Ids and type ids from here on are refused. */
const MAX_NUMBER = 1 << 22;

type Fields = Readonly<Record<string, unknown>>;

/** Texts without special tokens; type id 1 for the second. */
const BARE: TemplateParts = {
  single: [{ text: 0, typeId: 0 }],
  pair: [
    { text: 0, typeId: 0 },
    { text: 1, typeId: 1 },
  ],
};

/**
 * The templates of a post-processor: BertProcessing, TemplateProcessing, a Sequence with one of
 * them, or null, which adds no special tokens.
 * @throws TokenizerError for others, and for a broken template
 */
export function templateOf(postProcessor: unknown): TemplateParts {
  const found = processorIn(postProcessor, MAX_DEPTH);
  if (found === null) return BARE;
  return found.type === 'BertProcessing' ? bertProcessing(found) : templateProcessing(found);
}

/**
 * A template with other special tokens, whose ids are those of the vocabulary.
 * @param names the new name of each special token that has one
 */
export function renamed(
  { single, pair }: TemplateParts,
  names: ReadonlyMap<string, string>,
): TemplateParts {
  const rename = (part: TemplatePart): TemplatePart => {
    const token = part.token === undefined ? undefined : names.get(part.token);
    return token === undefined ? part : { text: -1, typeId: part.typeId, token };
  };
  return { single: single.map(rename), pair: pair.map(rename) };
}

/** The only post-processor that does something; null when there is none. */
function processorIn(value: unknown, depth: number): Fields | null {
  if (value === null) return null;
  const { type, processors } = fieldsOf(value, 'post_processor');
  if (type === 'BertProcessing' || type === 'TemplateProcessing') return value as Fields;
  if (type !== 'Sequence' || depth === 0) {
    const expected = '"BertProcessing", "TemplateProcessing" or null';
    refuse(`post_processor is ${shown(depth === 0 ? 'Sequence' : type)}`, expected);
  }
  const found = listOf(processors, 'processors of a Sequence')
    .map((one) => processorIn(one, depth - 1))
    .filter((one) => one !== null);
  // A second one would get the first one's special tokens as part of the texts.
  if (found.length > 1) refuse('post_processor is a Sequence of several templates', 'one');
  return found[0] ?? null;
}

/** cls A sep, or cls A sep B sep. */
function bertProcessing({ cls, sep }: Fields): TemplateParts {
  const [start, end] = [cls, sep].map((pair, i) => {
    const [token, id] = listOf(pair, `${['cls', 'sep'][i]} of BertProcessing`);
    if (typeof token !== 'string') refuse('BertProcessing has no token', 'cls and sep');
    return { text: -1, token, id: checkNumber(id, 'id of a special token') } as const;
  }) as [Omit<TemplatePart, 'typeId'>, Omit<TemplatePart, 'typeId'>];
  const single = [
    { ...start, typeId: 0 },
    { text: 0, typeId: 0 },
    { ...end, typeId: 0 },
  ] as const;
  return { single, pair: [...single, { text: 1, typeId: 1 }, { ...end, typeId: 1 }] };
}

function templateProcessing({ single, pair, special_tokens }: Fields): TemplateParts {
  const special = fieldsOf(special_tokens, 'special_tokens of TemplateProcessing');
  const parts = (list: unknown, name: string) => {
    const found: TemplatePart[] = [];
    for (const piece of listOf(list, `${name} of TemplateProcessing`)) {
      found.push(...partsOf(piece, special));
      if (found.length > MAX_PARTS) refuse(`${name} has too many parts`, `at most ${MAX_PARTS}`);
    }
    return found;
  };
  const [one, two] = [parts(single, 'single'), parts(pair, 'pair')];
  if (one.some(({ text }) => text === 1)) refuse('single uses sequence B', 'A alone');
  const isWhole = [0, 1].every((text) => two.some((part) => part.text === text));
  if (!isWhole) refuse('pair lacks a sequence', 'both A and B');
  return { single: one, pair: two };
}

/** The parts that a piece of TemplateProcessing stands for: a text, or the ids of a special token. */
function partsOf(piece: unknown, special: Fields): TemplatePart[] {
  const { Sequence, SpecialToken } = fieldsOf(piece, 'a piece of TemplateProcessing');
  const { id, type_id } = fieldsOf(Sequence ?? SpecialToken, 'a piece of TemplateProcessing');
  const typeId = checkNumber(type_id, 'type_id');
  if (Sequence !== undefined) {
    if (id !== 'A' && id !== 'B') refuse(`a sequence is ${shown(id)}`, 'A or B');
    return [{ text: id === 'A' ? 0 : 1, typeId }];
  }
  if (typeof id !== 'string' || !Object.hasOwn(special, id)) {
    refuse(`special token ${shown(id)} is not among special_tokens`, 'one that is');
  }
  const { ids, tokens } = fieldsOf(special[id], 'a special token of TemplateProcessing');
  const names = listOf(tokens ?? [], 'tokens of a special token');
  return listOf(ids, 'ids of a special token').map((one, i) => {
    const token = names[i] ?? id;
    const number = checkNumber(one, 'id of a special token');
    return { text: -1, typeId, id: number, token: typeof token === 'string' ? token : id };
  });
}

function checkNumber(value: unknown, name: string): number {
  const isFit = Number.isInteger(value) && (value as number) >= 0 && (value as number) < MAX_NUMBER;
  return isFit ? (value as number) : refuse(`${name} is ${shown(value)}`, `0 to ${MAX_NUMBER - 1}`);
}

function listOf(value: unknown, name: string): readonly unknown[] {
  return Array.isArray(value) ? value : refuse(`${name} is ${shown(value)}`, 'a list');
}

function fieldsOf(value: unknown, name: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  return refuse(`${name} is ${shown(value)}`, 'an object');
}

function refuse(found: string, expected: string): never {
  throw new TokenizerError(`Cannot read tokenizer.json: ${found}, expected ${expected}`);
}
