/** Scores for people: a percentage and, where there is room, a bar. */

import type { Cell, Color, Column, TableStyle } from './table.ts';

/** Cells of a full bar. */
const BAR_WIDTH = 10;

/** A narrower terminal has no room for bars; a pipe has no use for them. */
const BAR_FROM_WIDTH = 100;

/** Eighths of a cell, from none to seven. */
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** Columns of a table for what `scoreCells` gives. */
export function scoreColumns(style: TableStyle): Column[] {
  const score: Column = { title: 'Score', pad: 'left' };
  return hasBar(style) ? [score, { title: '' }] : [score];
}

/** A probability as "98.7 %" and a bar of up to ten cells, in the colour of how sure it is. */
export function scoreCells(score: number, style: TableStyle): Cell[] {
  const color: Color = score >= 0.5 ? 'green' : 'yellow';
  const percent: Cell = { text: `${(100 * score).toFixed(1)} %`, color };
  return hasBar(style) ? [percent, { text: barOf(score), color }] : [percent];
}

function hasBar({ width }: TableStyle): boolean {
  return width >= BAR_FROM_WIDTH && Number.isFinite(width);
}

function barOf(score: number): string {
  const eighths = Math.round(8 * BAR_WIDTH * Math.min(1, Math.max(0, score)));
  return '█'.repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8];
}
