/** Tables of at most 100 columns for a terminal: text to the left, numbers to the right. */
import type { Figure } from './harness.ts';

export interface Column {
  readonly title: string;
  readonly width: number;
  readonly isText?: boolean;
}

/** One line of cells under their columns. */
export function line(columns: readonly Column[], cells: readonly string[]): string {
  return columns
    .map(({ width, isText }, i) =>
      isText ? (cells[i] ?? '').padEnd(width) : (cells[i] ?? '').padStart(width),
    )
    .join('  ')
    .trimEnd();
}

/** Titles and a rule below them. */
export function head(columns: readonly Column[], first: string): string {
  const titles = line(
    columns,
    columns.map(({ title }, i) => (i === 0 ? first : title)),
  );
  const width = columns.reduce((sum, column) => sum + column.width + 2, -2);
  return `${titles}\n${'-'.repeat(width)}`;
}

/** Three significant digits: 0.00123, 12.3, 1230. */
export function digits(value: number): string {
  if (value === 0) return '0';
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(decimals, 6));
}

/** 0.935 -> '94 %'. */
export function percent(part: number): string {
  return `${(100 * part).toFixed(0)} %`;
}

/** Errors in scientific notation: '1.2e-7'; '0' where there is none. */
export function scientific(error: number): string {
  return error === 0 ? '0' : error.toExponential(1);
}

/** '3 % ~': how far samples lie apart, marked where they are not to be trusted. */
export function spreadOf({ spread, isNoisy }: Pick<Figure, 'spread' | 'isNoisy'>): string {
  return `${percent(spread)}${isNoisy ? ' ~' : '  '}`;
}
