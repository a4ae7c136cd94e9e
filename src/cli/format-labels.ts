/** Labels of texts as a table: text, label, score. */

import type { Classification } from '../pipelines/text-classification.ts';
import { scoreCells, scoreColumns } from './score-cells.ts';
import { type Column, formatTable, type TableStyle } from './table.ts';

/** A text and its labels, best first. */
export interface Labelled {
  readonly text: string;
  readonly labels: readonly Classification[];
}

const COLUMNS: readonly Column[] = [
  { title: 'Text', isFlexible: true },
  { title: 'Label', isFlexible: true },
];

/** @param isProbability whether scores are shares of 1, to be shown as percentages */
export function formatLabels(
  texts: readonly Labelled[],
  isProbability: boolean,
  style: TableStyle,
): string {
  const columns: Column[] = isProbability ? scoreColumns(style) : [{ title: 'Score', pad: 'left' }];
  const cells = (score: number) =>
    isProbability ? scoreCells(score, style) : [score.toPrecision(4)];
  const rows = texts.flatMap(({ text, labels }) =>
    labels.map(({ label, score }, rank) => [rank === 0 ? text : '', label, ...cells(score)]),
  );
  return formatTable([...COLUMNS, ...columns], rows, style);
}
