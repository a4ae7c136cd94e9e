/**
 * A result as Markdown on stdout and as a chart:
 *   node bench/peers/report.js bench/results/peers-<machine>-<date>.json [--svg docs/latency.svg]
 */
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { chart } from '../support/chart.js';
import { systemLine } from '../support/machine.js';
import { isNoisy, largestError, milliseconds, oursAt, SAME } from './tables.js';

const USAGE = 'node bench/peers/report.js <result.json> [--svg <file>]';

async function main() {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { svg: { type: 'string' } },
  });
  if (positionals.length !== 1) throw new RangeError(`Usage: ${USAGE}`);
  const result = JSON.parse(await readFile(positionals[0], 'utf8'));
  if (result.bench !== 'peers') {
    throw new Error(`Cannot report ${positionals[0]}: it is no result of bench/peers/run.js`);
  }
  console.log(markdown(result));
  if (values.svg) await writeFile(values.svg, drawing(result));
}

function markdown(result) {
  return [
    ...latencyTable(result),
    '',
    ...firstTable(result),
    '',
    ...startupTable(result),
    '',
    ...(isNoisy(result) ? ['~ the machine was not quiet: no figures to quote.', ''] : []),
    `${systemLine(result.machine)}; ${result.date.slice(0, 10)}. Batch 1, one thread where not ` +
      'said otherwise; medians of calls in a row, in turns of 100 ms with ours, ' +
      'without samples from slow spells of the machine.',
  ].join('\n');
}

function latencyTable(result) {
  const { lengths } = result.method;
  const rows = result.duels.map((duel) => [
    `${duel.label}${duel.kind === 'native' ? ', native' : ''}`,
    ...lengths.map((n) => cell(duel.latency[n])),
    largestError(duel).toExponential(0) + (largestError(duel) > SAME ? ' (not the same)' : ''),
  ]);
  return table(
    ['ms for one call (times ours)', ...lengths.map((n) => `${n} tokens`), 'relative L2 to ours'],
    [
      [
        `**${result.ours.label}**`,
        ...lengths.map((n) => `**${milliseconds(oursAt(result, n))}**`),
        '',
      ],
      ...rows,
    ],
  );
}

/** The first call of a turn, for results that have it. */
function firstTable({ duels, method: { lengths } }) {
  const rows = duels
    .filter(({ latency }) => latency[lengths[0]].first)
    .map(({ label, latency }) => [
      label,
      ...lengths.map((n) => {
        const { ours, peer, ratio } = latency[n].first;
        return `${milliseconds(ours.ms)}, ${milliseconds(peer.ms)} (${ratio.toFixed(2)}x)`;
      }),
    ]);
  return table(['first call of a turn: ours, theirs', ...lengths.map((n) => `${n} tokens`)], rows);
}

function cell({ peer, ratio, isNoisy }) {
  return `${isNoisy ? '~' : ''}${milliseconds(peer.ms)} (${ratio.toFixed(2)}x)`;
}

function startupTable(result) {
  const rows = [result.ours, ...result.duels].map(({ label, version, startup }) => [
    label,
    version,
    `${startup.import.ms.toFixed(0)} + ${startup.load.ms.toFixed(0)} ms`,
    `${startup.memoryMB.loaded} MB`,
    `${startup.memoryMB.after384} MB`,
    `${startup.memoryMB.peak} MB`,
  ]);
  return table(
    [
      ...['', 'version', 'import + files to first logits', 'resident'],
      ...['after 384 tokens', 'highest'],
    ],
    rows,
  );
}

function table(head, rows) {
  const rule = head.map((_, i) => (i === 0 ? '---' : '--:'));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`);
}

/** Latency over length, both axes logarithmic. */
function drawing(result) {
  return chart({
    title: 'Milliseconds for one call',
    subtitle: subtitle(result),
    axis: 'tokens',
    lines: linesOf(result),
  });
}

/** @returns {import('../support/chart.js').Line[]} this package first; x in tokens, y in ms */
function linesOf(result) {
  const { lengths } = result.method;
  const peers = result.duels.map(({ label, kind, latency }) => ({
    label,
    kind,
    points: lengths.map((length) => ({ x: length, y: latency[length].peer.ms })),
  }));
  const points = lengths.map((length) => ({ x: length, y: oursAt(result, length) }));
  return [{ label: result.ours.label, kind: /** @type {const} */ ('ours'), points }, ...peers];
}

function subtitle({ machine, date }) {
  const runtime = machine.runtime.replace(/ \(.*/, '');
  return `${machine.cpu}, ${runtime}; one thread; dashed: native code; ${date.slice(0, 10)}`;
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
