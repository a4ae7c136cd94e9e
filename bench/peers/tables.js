/** A result as tables for a terminal, at most 100 columns. */
import { systemLine } from '../support/machine.js';
import { head, line } from '../support/table.js';

/** Two float32 passes differ by about 1e-6; a larger difference means another computation. */
export const SAME = 1e-4;

const NAME = { title: '', width: 33, isText: true };
const CELL_WIDTH = 13;
const RATIO_WIDTH = 7;
const STARTUP_COLUMNS = [
  NAME,
  { title: 'import ms', width: 9 },
  { title: 'load ms', width: 7 },
  { title: 'x ours', width: 7 },
  { title: 'MB empty', width: 8 },
  { title: 'loaded', width: 6 },
  { title: '384 tokens', width: 10 },
  { title: 'peak', width: 6 },
];

/** @param {any} result what run.js writes */
export function tables(result) {
  return [
    systemLine(result.machine),
    `probe ${result.probe.best} xors/ns at its best; ` +
      `${result.method.core === null ? 'not pinned' : `pinned to core ${result.method.core}`}`,
    '',
    ...latencyTable(result),
    '',
    ...startupTable(result),
    '',
    ...notes(result),
  ].join('\n');
}

/** Milliseconds of this package at a length: the median over all duels. */
export function oursAt({ duels }, length) {
  const found = duels.map(({ latency }) => latency[length].ours.ms).sort((a, b) => a - b);
  return found[Math.floor(found.length / 2)];
}

/** The largest error over all lengths. */
export function largestError({ error }) {
  return Math.max(...Object.values(error));
}

/** Whether any figure is without quiet samples. */
export function isNoisy({ ours, duels }) {
  const figures = duels.flatMap(({ latency, startup }) => [startup, ...Object.values(latency)]);
  return [ours.startup, ...figures].some((figure) => figure.isNoisy);
}

export function milliseconds(value) {
  return value.toFixed(value < 100 ? 1 : 0);
}

function latencyTable(result) {
  const { lengths } = result.method;
  const columns = [NAME, ...lengths.map((n) => ({ title: `${n} tokens`, width: CELL_WIDTH }))];
  // Blanks stand where cells of peers have a ratio.
  const us = lengths.map((n) => {
    const mark = result.duels.some(({ latency }) => latency[n].isNoisy) ? '~' : '';
    return `${mark}${milliseconds(oursAt(result, n))}${' '.repeat(RATIO_WIDTH)}`;
  });
  return [
    head(columns, 'ms for one call, and times ours'),
    line(columns, [result.ours.label, ...us]),
    ...result.duels.map((duel) => {
      const cells = lengths.map((n) => latencyCell(duel.latency[n]));
      return line(columns, [`${duel.label}${isSame(duel) ? ' ' : '*'}`, ...cells]);
    }),
  ];
}

function latencyCell({ peer, ratio, isNoisy }) {
  return `${isNoisy ? '~' : ''}${milliseconds(peer.ms)}${`${ratio.toFixed(2)}x`.padStart(RATIO_WIDTH)}`;
}

function startupTable(result) {
  return [
    head(STARTUP_COLUMNS, 'first logits from files; resident'),
    ...[result.ours, ...result.duels].map(({ label, startup }) => {
      const { empty, loaded, after384, peak } = startup.memoryMB;
      return line(STARTUP_COLUMNS, [
        label,
        startup.import.ms.toFixed(0),
        `${startup.isNoisy ? '~' : ''}${startup.load.ms.toFixed(0)}`,
        `${(startup.load.ms / result.ours.startup.load.ms).toFixed(2)}x`,
        ...[empty, loaded, after384, peak].map(String),
      ]);
    }),
  ];
}

function isSame(duel) {
  return largestError(duel) <= SAME;
}

function notes(result) {
  const { duels } = result;
  const errors = duels.map((duel) => `${duel.id} ${largestError(duel).toExponential(1)}`);
  const lines = wrap(
    `relative L2 of their logits against ours, worst length: ${errors.join(', ')}`,
  );
  if (!duels.every(isSame)) lines.push('* computes something else: more than 1e-4 away from ours');
  if (isNoisy(result)) {
    lines.push('~ the machine was hardly ever quiet: all samples count, trust none of it');
  }
  for (const { reason } of result.skipped) lines.push(...wrap(`left out: ${reason}`));
  return lines;
}

/** Lines of at most 100 columns, broken at spaces. */
function wrap(text) {
  const lines = [''];
  for (const word of text.split(' ')) {
    if (`${lines.at(-1)} ${word}`.length > 100) lines.push(word);
    else lines.push(`${lines.pop()} ${word}`.trimStart());
  }
  return lines;
}
