/** Tables for people: aligned columns, wrapped to the terminal's width, with its colours. */

import type { Io } from './io.ts';
import { printable, textWidth, wrapToWidth } from './text-width.ts';

const COLORS = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39] };

export type Color = keyof typeof COLORS;

/** Puts text in a colour; returns it as it is if colours are off. */
export type Paint = (text: string, color: Color) => string;

/** Where a table is shown. */
export interface TableStyle {
  /** Cells per line; Infinity: no wrapping. */
  readonly width: number;
  readonly paint: Paint;
}

export interface Column {
  readonly title: string;
  /** The side of the padding: right by default, left for numbers. */
  readonly pad?: 'left' | 'right';
  /** Is wrapped if the table is too wide, and cut after some lines. Other columns never are. */
  readonly isFlexible?: boolean;
}

export type Cell = string | { readonly text: string; readonly color: Color };

/** Between columns. */
const GAP = '  ';

/** Least width of a flexible column, in cells. */
const NARROWEST = 8;

/** Most lines of a cell; the rest of its text is cut. */
const MOST_LINES = 3;

/** Colours on a terminal that has them, unless NO_COLOR is set. */
export function paintFor({ stdout, env }: Pick<Io, 'stdout' | 'env'>): Paint {
  if (!stdout.isTTY || !stdout.hasColors?.(env)) return (text) => text;
  return (text, color) => `\u001b[${COLORS[color][0]}m${text}\u001b[${COLORS[color][1]}m`;
}

/** The width and colours of a terminal; without a terminal, no wrapping and no colours. */
export function tableStyle(io: Pick<Io, 'stdout' | 'env'>): TableStyle {
  const { isTTY, columns } = io.stdout;
  return { width: isTTY ? columns || 80 : Number.POSITIVE_INFINITY, paint: paintFor(io) };
}

/**
 * A table with a header and a rule. Every line ends with a line break. A row whose first cell is
 * empty belongs to the row above: a long first cell is wrapped beside both.
 */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  { width, paint }: TableStyle,
): string {
  const cells = rows.map((row) => columns.map((_, i) => cellOf(row[i])));
  const widths = columnWidths(columns, cells, width);
  const layout = columns.map(({ pad = 'right' }, i) => ({ pad, width: widths[i]! }));
  const header = columns.map(({ title }): Content => ({ text: title, color: 'bold' }));
  const total = widths.reduce((sum, n) => sum + n, GAP.length * (widths.length - 1));
  const rule = `${paint('─'.repeat(total), 'dim')}\n`;
  const body = groupsOf(cells).map((rows) => formatGroup(rows, layout, paint));
  return formatGroup([header], layout, paint) + rule + body.join('');
}

/** Rows with those below them whose first cell is empty. */
function groupsOf(rows: readonly (readonly Content[])[]): (readonly Content[])[][] {
  const groups: (readonly Content[])[][] = [];
  for (const row of rows) {
    const isPart = row[0]?.text === '' && groups.length > 0;
    if (isPart) groups.at(-1)!.push(row);
    else groups.push([row]);
  }
  return groups;
}

interface Content {
  readonly text: string;
  readonly color?: Color;
}

type Layout = readonly { readonly pad: 'left' | 'right'; readonly width: number }[];

/** A line of a cell. */
interface Line {
  readonly text: string;
  readonly color: Color | undefined;
}

/** Rows with as many lines as their longest cells, beside the lines of the first row's first cell. */
function formatGroup(rows: readonly (readonly Content[])[], layout: Layout, paint: Paint): string {
  const wrapped = (cell: Content, width: number, most: number): Line[] =>
    wrapToWidth(cell.text, width, most).map((text) => ({ text, color: cell.color }));
  const [[first]] = rows as [[Content]];
  const others = layout.slice(1);
  const lines = rows.flatMap((row): (Line | undefined)[][] => {
    const cells = others.map(({ width }, i) => wrapped(row[i + 1]!, width, MOST_LINES));
    const height = Math.max(1, ...cells.map(({ length }) => length));
    return Array.from({ length: height }, (_, n) => cells.map((cell) => cell[n]));
  });
  const firsts = wrapped(first, layout[0]!.width, Math.max(MOST_LINES, lines.length));
  const count = Math.max(firsts.length, lines.length);
  return Array.from({ length: count }, (_, n) => {
    const cells = [firsts[n], ...(lines[n] ?? others.map(() => undefined))];
    const parts = cells.map((line, i) => padded(line, layout[i]!, paint));
    return `${parts.join(GAP).trimEnd()}\n`;
  }).join('');
}

function padded(line: Line | undefined, { pad, width }: Layout[number], paint: Paint): string {
  const { text, color } = line ?? { text: '', color: undefined };
  const painted = color && text ? paint(text, color) : text;
  const blanks = ' '.repeat(Math.max(0, width - textWidth(text)));
  return pad === 'left' ? blanks + painted : painted + blanks;
}

/** Columns as wide as their widest cells; the widest flexible ones shrink until all fit. */
function columnWidths(
  columns: readonly Column[],
  rows: readonly (readonly Content[])[],
  width: number,
): number[] {
  const widths = columns.map(({ title }, i) => {
    const natural = rows.reduce((most, row) => Math.max(most, textWidth(row[i]!.text)), 0);
    return Math.min(width, Math.max(natural, textWidth(title)));
  });
  const gaps = GAP.length * (columns.length - 1);
  let excess = widths.reduce((sum, n) => sum + n, gaps) - width;
  for (; excess > 0; excess--) {
    const flexible = widths.map((n, i) => (columns[i]!.isFlexible ? n : 0));
    const widest = Math.max(...flexible);
    if (widest <= NARROWEST) break;
    widths[flexible.indexOf(widest)] = widest - 1;
  }
  return widths;
}

/** A cell on one line, without characters that would move the cursor. */
function cellOf(cell: Cell = ''): Content {
  if (typeof cell === 'string') return { text: printable(cell) };
  return { ...cell, text: printable(cell.text) };
}
