/** Tables on a terminal: aligned columns, the widest one wrapped until all fit, colours. */

import process from 'node:process';

/** @typedef {'bold' | 'dim' | 'red' | 'green' | 'yellow'} Color */
/** @typedef {string | { text: string, color: Color }} Cell */

const COLORS = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39] };
const GAP = '  ';
const NARROWEST = 8;

const hasColors = process.stdout.isTTY && process.stdout.hasColors();

/** @param {string} text @param {Color} color */
export function paint(text, color) {
  if (!hasColors || text === '') return text;
  return `\u001b[${COLORS[color][0]}m${text}\u001b[${COLORS[color][1]}m`;
}

/**
 * A probability as a percentage, green from one half.
 *
 * @param {number} score
 * @returns {Cell}
 */
export function scoreCell(score) {
  return {
    text: `${(100 * score).toFixed(1).padStart(5)} %`,
    color: score >= 0.5 ? 'green' : 'yellow',
  };
}

/**
 * @param {string[]} titles
 * @param {Cell[][]} rows
 */
export function formatTable(titles, rows) {
  const all = [
    titles.map((text) => ({ text, color: 'bold' })),
    ...rows.map((row) => row.map(cellOf)),
  ];
  const widths = widthsOf(all, process.stdout.isTTY ? process.stdout.columns || 80 : Infinity);
  const rule = '\u2500'.repeat(
    widths.reduce((sum, n) => sum + n, GAP.length * (widths.length - 1)),
  );
  const [head, ...body] = all.map((row) => formatRow(row, widths));
  return `${head}${paint(rule, 'dim')}\n${body.join('')}`;
}

/** @param {Cell} cell */
function cellOf(cell) {
  return typeof cell === 'string' ? { text: cell } : cell;
}

/** @param {{ text: string, color?: Color }[][]} rows @param {number} most */
function widthsOf(rows, most) {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].text.length)));
  let excess = widths.reduce((sum, n) => sum + n, GAP.length * (widths.length - 1)) - most;
  for (; excess > 0 && Math.max(...widths) > NARROWEST; excess--) {
    widths[widths.indexOf(Math.max(...widths))]--;
  }
  return widths;
}

/** @param {{ text: string, color?: Color }[]} row @param {number[]} widths */
function formatRow(row, widths) {
  const cells = row.map(({ text }, i) => wrapped(text, widths[i]));
  const count = Math.max(...cells.map(({ length }) => length));
  let lines = '';
  for (let n = 0; n < count; n++) {
    const parts = row.map(({ color }, i) => {
      const text = cells[i][n] ?? '';
      return (color ? paint(text, color) : text) + ' '.repeat(widths[i] - text.length);
    });
    lines += `${parts.join(GAP).trimEnd()}\n`;
  }
  return lines;
}

/** @param {string} text @param {number} width */
function wrapped(text, width) {
  if (text.length <= width) return [text];
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) === '' ? word : `${lines.at(-1)} ${word}`;
    if (line.length <= width) lines[lines.length - 1] = line;
    else if (lines.at(-1) === '') lines[lines.length - 1] = word.slice(0, width);
    else lines.push(word.slice(0, width));
  }
  return lines;
}
