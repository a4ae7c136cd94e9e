/** Latency over length as an SVG: ours and its peers, both axes logarithmic. */
import { chart } from '../chart.js';

/**
 * @param {readonly import('../chart.js').Line[]} lines ours first; x tokens, y milliseconds
 * @param {string} subtitle what it was measured on
 */
export function latencyChart(lines, subtitle) {
  return chart({ title: 'Milliseconds for one call', subtitle, axis: 'tokens', lines });
}
