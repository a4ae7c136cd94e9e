/** Words for masks as a table: text, which mask, word, score. */

import type { MaskFill, TextFills } from '../pipelines/fill-mask.ts';
import { scoreCells, scoreColumns } from './score-cells.ts';
import { type Cell, type Column, formatTable, type TableStyle } from './table.ts';

/** A text and the words for its mask, or for each of its masks. */
export interface Filled {
  readonly text: string;
  readonly fills: TextFills;
}

const COLUMNS: readonly Column[] = [
  { title: 'Text', isFlexible: true },
  { title: 'Mask', pad: 'left' },
  { title: 'Word', isFlexible: true },
];

export function formatFills(all: readonly Filled[], style: TableStyle): string {
  const rows = all.flatMap(({ text, fills }) =>
    masksOf(fills).flatMap((words, mask) =>
      words.map(({ token_str, score }, rank): Cell[] => [
        mask === 0 && rank === 0 ? text : '',
        rank === 0 ? String(mask + 1) : '',
        ...[token_str, ...scoreCells(score, style)],
      ]),
    ),
  );
  return formatTable([...COLUMNS, ...scoreColumns(style)], rows, style);
}

function masksOf(fills: TextFills): MaskFill[][] {
  return Array.isArray(fills[0]) ? (fills as MaskFill[][]) : [fills as MaskFill[]];
}
