/** Tables of results, one for each kind: a line per result, with the text it belongs to. */

import type { Answer } from '../pipelines/answers.ts';
import type { EntityGroup, TokenEntity } from '../pipelines/entities.ts';
import type { MaskFill, TextFills } from '../pipelines/fill-mask.ts';
import type { Choice } from '../pipelines/multiple-choice.ts';
import type { NextSentencePrediction } from '../pipelines/next-sentence-prediction.ts';
import type { Classification } from '../pipelines/text-classification.ts';
import { type Cell, type Color, type Column, formatTable, type TableStyle } from './table.ts';
import { printable } from './text-width.ts';

const TEXT: Column = { title: 'Text', isFlexible: true };

/** A text and its labels, best first. */
export interface LabelledText {
  readonly text: string;
  readonly labels: readonly Classification[];
}

/** @param isProbability whether scores are probabilities, to be shown as percentages */
export function labelTable(
  all: readonly LabelledText[],
  isProbability: boolean,
  style: TableStyle,
): string {
  const columns: Column[] = isProbability ? scoreColumns(style) : [{ title: 'Score', pad: 'left' }];
  const cells = (score: number) =>
    isProbability ? scoreCells(score, style) : [score.toPrecision(4)];
  const rows = all.flatMap(({ text, labels }) =>
    labels.map(({ label, score }, rank) => [rank === 0 ? text : '', label, ...cells(score)]),
  );
  return formatTable([TEXT, { title: 'Label', isFlexible: true }, ...columns], rows, style);
}

/** A text and its entities. Offsets are in UTF-16 code units. */
export interface TaggedText {
  readonly text: string;
  readonly entities: readonly (TokenEntity | EntityGroup)[];
}

const ENTITY_COLUMNS: readonly Column[] = [
  TEXT,
  { title: 'Entity', isFlexible: true },
  { title: 'Label', isFlexible: true },
];

/** A text without entities has a line too. */
export function entityTable(all: readonly TaggedText[], style: TableStyle): string {
  const rows = all.flatMap(({ text, entities }): Cell[][] => {
    if (entities.length === 0) return [[text, { text: 'none', color: 'dim' }]];
    return entities.map((entity, i) => {
      const label = 'entity' in entity ? entity.entity : entity.entity_group;
      const words = text.slice(entity.start, entity.end);
      return [i === 0 ? text : '', words, label, ...scoreCells(entity.score, style)];
    });
  });
  return formatTable([...ENTITY_COLUMNS, ...scoreColumns(style)], rows, style);
}

/** A question and its answers, best first. */
export interface AnsweredQuestion {
  readonly question: string;
  readonly answers: readonly Answer[];
}

const ANSWER_COLUMNS: readonly Column[] = [
  { title: 'Question', isFlexible: true },
  { title: 'Answer', isFlexible: true },
  { title: 'Start', pad: 'left' },
  { title: 'End', pad: 'left' },
];

/** Start and end count UTF-16 code units of the context. A last line warns of an unread rest. */
export function answerTable(all: readonly AnsweredQuestion[], style: TableStyle): string {
  const rows = all.flatMap(({ question, answers }) =>
    answers.map((answer, rank): Cell[] => [
      rank === 0 ? question : '',
      ...answerCells(answer),
      ...scoreCells(answer.score, style),
    ]),
  );
  const table = formatTable([...ANSWER_COLUMNS, ...scoreColumns(style)], rows, style);
  const isCut = all.some(({ answers }) => answers.some(({ truncated }) => truncated));
  return isCut ? `${table}${style.paint('Not all of the text was read.', 'yellow')}\n` : table;
}

function answerCells({ answer, start, end }: Answer): Cell[] {
  if (answer === '') return [{ text: 'no answer', color: 'dim' }, '', ''];
  return [answer, String(start), String(end)];
}

/** A text and the tokens for its mask, or for each of its masks. */
export interface FilledText {
  readonly text: string;
  readonly fills: TextFills;
}

const FILL_COLUMNS: readonly Column[] = [
  TEXT,
  { title: 'Mask', pad: 'left' },
  { title: 'Token', isFlexible: true },
];

/** Masks are numbered from 1. */
export function fillTable(all: readonly FilledText[], style: TableStyle): string {
  const rows = all.flatMap(({ text, fills }) =>
    masksOf(fills).flatMap((tokens, mask) =>
      tokens.map(({ token_str, score }, rank): Cell[] => [
        mask === 0 && rank === 0 ? text : '',
        rank === 0 ? String(mask + 1) : '',
        token_str,
        ...scoreCells(score, style),
      ]),
    ),
  );
  return formatTable([...FILL_COLUMNS, ...scoreColumns(style)], rows, style);
}

function masksOf(fills: TextFills): MaskFill[][] {
  return Array.isArray(fills[0]) ? (fills as MaskFill[][]) : [fills as MaskFill[]];
}

/** Two texts, and whether the second follows the first. */
export interface ComparedPair extends NextSentencePrediction {
  readonly text: string;
  readonly next: string;
}

const PAIR_COLUMNS: readonly Column[] = [
  TEXT,
  { title: 'Next', isFlexible: true },
  { title: 'Follows' },
];

export function nextTable(all: readonly ComparedPair[], style: TableStyle): string {
  const rows = all.map(({ text, next, is_next, score }): Cell[] => [
    text,
    next,
    is_next ? 'yes' : 'no',
    ...scoreCells(score, style),
  ]);
  return formatTable([...PAIR_COLUMNS, ...scoreColumns(style)], rows, style);
}

/** A text and its choices, best first. */
export interface RankedChoices {
  readonly text: string;
  readonly choices: readonly Choice[];
}

export function choiceTable(all: readonly RankedChoices[], style: TableStyle): string {
  const rows = all.flatMap(({ text, choices }) =>
    choices.map(({ choice, score }, rank): Cell[] => [
      rank === 0 ? text : '',
      choice,
      ...scoreCells(score, style),
    ]),
  );
  const columns = [TEXT, { title: 'Choice', isFlexible: true }, ...scoreColumns(style)];
  return formatTable(columns, rows, style);
}

/** A text and its vector. */
export interface EmbeddedText {
  readonly text: string;
  readonly embedding: readonly number[];
}

const VECTOR_COLUMNS: readonly Column[] = [
  TEXT,
  { title: 'Size', pad: 'left' },
  { title: 'Vector', isFlexible: true },
];

/** The first components of a vector are shown. */
const SHOWN_COMPONENTS = 6;

/** The size of each vector and its first components. */
export function vectorTable(all: readonly EmbeddedText[], style: TableStyle): string {
  const rows = all.map(({ text, embedding }) => {
    const shown = embedding.slice(0, SHOWN_COMPONENTS).map(componentOf).join(' ');
    const end = embedding.length > SHOWN_COMPONENTS ? ' …' : '';
    return [text, String(embedding.length), shown + end];
  });
  return formatTable(VECTOR_COLUMNS, rows, style);
}

/** Packed bits are integers, and shown as such. */
function componentOf(x: number): string {
  return Number.isInteger(x) ? String(x) : x.toFixed(4);
}

/** A text and its tokens. Offsets are in UTF-16 code units, null for special tokens. */
export interface TokenizedText {
  readonly text: string;
  readonly tokens: readonly string[];
  readonly input_ids: readonly number[];
  readonly offsets: readonly ([start: number, end: number] | null)[];
}

const TOKEN_COLUMNS: readonly Column[] = [
  { title: 'Token', isFlexible: true },
  { title: 'Id', pad: 'left' },
  { title: 'Start', pad: 'left' },
  { title: 'End', pad: 'left' },
  TEXT,
];

/** The text, and below it a line per token: its id and the part of the text it stands for. */
export function tokenTable(
  { text, tokens, input_ids, offsets }: TokenizedText,
  style: TableStyle,
): string {
  const rows = tokens.map((token, i): Cell[] => {
    const id = String(input_ids[i]);
    const span = offsets[i];
    if (span) return [token, id, String(span[0]), String(span[1]), text.slice(...span)];
    return [token, id].map((text) => ({ text, color: 'dim' }));
  });
  return `${style.paint(printable(text), 'bold')}\n${formatTable(TOKEN_COLUMNS, rows, style)}`;
}

/** The number of tokens of each text, in red above `limit`. */
export function tokenCountTable(
  all: readonly TokenizedText[],
  limit: number,
  style: TableStyle,
): string {
  const rows = all.map(({ text, tokens }): Cell[] => {
    const count = tokens.length.toLocaleString('en');
    return [text, tokens.length > limit ? { text: count, color: 'red' } : count];
  });
  return formatTable([TEXT, { title: 'Tokens', pad: 'left' }], rows, style);
}

/** Cells of a full bar. */
const BAR_CELLS = 10;

/** Narrower terminals have no room for bars. */
const BAR_FROM_WIDTH = 100;

/** Eighths of a cell, from none to seven. */
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** The columns for the cells of scoreCells(). */
export function scoreColumns(style: TableStyle): Column[] {
  const score: Column = { title: 'Score', pad: 'left' };
  return hasBar(style) ? [score, { title: '' }] : [score];
}

/** A probability as "98.7 %" and, on a wide terminal, as a bar; green from 50 %, yellow below. */
export function scoreCells(score: number, style: TableStyle): Cell[] {
  const color: Color = score >= 0.5 ? 'green' : 'yellow';
  const percent: Cell = { text: `${(100 * score).toFixed(1)} %`, color };
  return hasBar(style) ? [percent, { text: barOf(score), color }] : [percent];
}

function hasBar({ width }: TableStyle): boolean {
  return width >= BAR_FROM_WIDTH && Number.isFinite(width);
}

function barOf(score: number): string {
  const eighths = Math.round(8 * BAR_CELLS * Math.min(1, Math.max(0, score)));
  return '█'.repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8];
}
