// @ts-check
/** Tables of at most 100 columns for a terminal: text to the left, numbers to the right. */

/**
 * @typedef {object} Column
 * @property {string} title
 * @property {number} width
 * @property {boolean} [isText] aligned to the left
 */

/**
 * One line of cells under their columns.
 *
 * @param {readonly Column[]} columns
 * @param {readonly string[]} cells may be fewer than columns
 */
export function line(columns, cells) {
  return columns
    .map(({ width, isText }, i) =>
      isText ? (cells[i] ?? '').padEnd(width) : (cells[i] ?? '').padStart(width),
    )
    .join('  ')
    .trimEnd();
}

/**
 * Titles and a rule below them.
 *
 * @param {readonly Column[]} columns
 * @param {string} first title of the first column, which is the table's
 */
export function head(columns, first) {
  const titles = line(
    columns,
    columns.map(({ title }, i) => (i === 0 ? first : title)),
  );
  const width = columns.reduce((sum, column) => sum + column.width + 2, -2);
  return `${titles}\n${'-'.repeat(width)}`;
}

/**
 * Three significant digits: 0.00123, 12.3, 1230.
 *
 * @param {number} value
 */
export function digits(value) {
  if (value === 0) return '0';
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(decimals, 6));
}

/**
 * 0.935 -> '94 %'.
 *
 * @param {number} part
 */
export function percent(part) {
  return `${(100 * part).toFixed(0)} %`;
}

/**
 * An error in scientific notation, such as '1.2e-7'; '0' for none.
 *
 * @param {number} error
 */
export function scientific(error) {
  return error === 0 ? '0' : error.toExponential(1);
}

/**
 * '3 % ~': the spread of a figure's samples, marked where the figure cannot be trusted.
 *
 * @param {{ readonly spread: number, readonly isNoisy: boolean }} figure
 */
export function spreadOf({ spread, isNoisy }) {
  return `${percent(spread)}${isNoisy ? ' ~' : '  '}`;
}
