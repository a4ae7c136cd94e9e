/**
 * What the demo's tables share: marks for right and wrong, shares, and rows before they are printed.
 */

/** @typedef {import('../../build/js/cli/table.js').Cell} Cell */
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
