/** A result as tables for a terminal, at most 100 columns. */
import { machineLine } from './machine.js';

/** A float32 pass differs from another by about 1e-6; what differs more computes something else. */
export const SAME = 1e-4;

const NAME = 33;
const CELL = 15;

/** @param {any} result what run.js writes */
export function tables(result) {
  return [
    machineLine(result.machine),
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

/** Milliseconds of this package at a length: the median over its duels. */
export function oursAt({ duels }, length) {
  const found = duels.map(({ latency }) => latency[length].ours.ms).sort((a, b) => a - b);
  return found[Math.floor(found.length / 2)];
}

/** The largest error over all lengths. */
export function largestError({ error }) {
  return Math.max(...Object.values(error));
}

/** Whether any figure had to do without quiet samples. */
export function isNoisy({ ours, duels }) {
  const figures = duels.flatMap(({ latency, startup }) => [startup, ...Object.values(latency)]);
  return [ours.startup, ...figures].some((figure) => figure.isNoisy);
}

export function milliseconds(value) {
  return value.toFixed(value < 100 ? 1 : 0);
}

function latencyTable(result) {
  const { lengths } = result.method;
  const title = 'ms for one call, and times ours';
  const head = [title.padEnd(NAME), ...lengths.map((n) => `${n} tokens`.padStart(CELL))].join('');
  const us = lengths.map((n) => {
    const mark = result.duels.some(({ latency }) => latency[n].isNoisy) ? '~' : '';
    return `${mark}${milliseconds(oursAt(result, n))}${' '.repeat(7)}`.padStart(CELL);
  });
  return [
    head,
    '-'.repeat(NAME + CELL * lengths.length),
    `${result.ours.label.padEnd(NAME)}${us.join('')}`.trimEnd(),
    ...result.duels.map((duel) => {
      const mark = isSame(duel) ? ' ' : '*';
      const cells = lengths.map((n) => latencyCell(duel.latency[n]).padStart(CELL));
      return `${`${duel.label}${mark}`.padEnd(NAME)}${cells.join('')}`;
    }),
  ];
}

function latencyCell({ peer, ratio, isNoisy }) {
  return `${isNoisy ? '~' : ''}${milliseconds(peer.ms)}${`${ratio.toFixed(2)}x`.padStart(7)}`;
}

function startupTable(result) {
  const widths = [10, 10, 9, 9, 9, 11, 8];
  const titles = ['import ms', 'load ms', 'x ours', 'MB empty', 'loaded', '384 tokens', 'peak'];
  const row = (name, cells) =>
    `${name.padEnd(NAME)}${cells.map((cell, i) => String(cell).padStart(widths[i])).join('')}`;
  return [
    row('first logits from files; resident', titles),
    '-'.repeat(NAME + widths.reduce((a, b) => a + b)),
    ...[result.ours, ...result.duels].map(({ label, startup }) => {
      const { memoryMB } = startup;
      return row(label, [
        startup.import.ms.toFixed(0),
        `${startup.isNoisy ? '~' : ''}${startup.load.ms.toFixed(0)}`,
        `${(startup.load.ms / result.ours.startup.load.ms).toFixed(2)}x`,
        ...[memoryMB.empty, memoryMB.loaded, memoryMB.after384, memoryMB.peak],
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
