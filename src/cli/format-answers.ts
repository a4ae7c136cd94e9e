/** Answers of questions as a table: question, answer, where it stands, score. */

import type { Answer } from '../pipelines/answers.ts';
import { scoreCells, scoreColumns } from './score-cells.ts';
import { type Cell, type Column, formatTable, type TableStyle } from './table.ts';

/** A question and its answers, best first. */
export interface Answered {
  readonly question: string;
  readonly answers: readonly Answer[];
}

const COLUMNS: readonly Column[] = [
  { title: 'Question', isFlexible: true },
  { title: 'Answer', isFlexible: true },
  { title: 'Start', pad: 'left' },
  { title: 'End', pad: 'left' },
];

/** Places are UTF-16 units of the context. A last line says if something was not read. */
export function formatAnswers(all: readonly Answered[], style: TableStyle): string {
  const rows = all.flatMap(({ question, answers }) =>
    answers.map((one, rank): Cell[] => [
      rank === 0 ? question : '',
      ...answerCells(one),
      ...scoreCells(one.score, style),
    ]),
  );
  const table = formatTable([...COLUMNS, ...scoreColumns(style)], rows, style);
  const isCut = all.some(({ answers }) => answers.some(({ truncated }) => truncated));
  return isCut ? `${table}${style.paint('Not all of the text was read.', 'yellow')}\n` : table;
}

function answerCells({ answer, start, end }: Answer): Cell[] {
  if (answer === '') return [{ text: 'no answer', color: 'dim' }, '', ''];
  return [answer, String(start), String(end)];
}
