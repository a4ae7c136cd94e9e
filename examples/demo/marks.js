/**
 * Cells of the demo's tables: marks for right and wrong, and percentages.
 */

/** @typedef {import('./table.js').Cell} Cell */
/** @typedef {{ cells: Cell[], score?: number }[]} Rows */

/**
 * @param {boolean} isRight
 * @returns {Cell}
 */
export function mark(isRight) {
  return isRight ? { text: '✓', color: 'green' } : { text: '✗', color: 'red' };
}

/**
 * @param {number} part
 * @param {number} whole
 */
export function percent(part, whole) {
  return `${((100 * part) / whole).toFixed(1)} %`;
}
