/**
 * Draws cost curves as SVGs, from a file of `npm run bench -- costs --json FILE`:
 *   node bench/ours/charts.js FILE [--out docs]
 * Four files: latency and memory over length, time per token over batch and over length.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chart } from '../support/chart.js';

const USAGE = 'node bench/ours/charts.js <costs.json> [--out <folder>]';
const HEIGHT = 340;
const TICKS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];

/** @typedef {import('./result.ts').Result} Result */

async function main() {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { out: { type: 'string', default: 'docs' } },
  });
  if (positionals.length !== 1) throw new RangeError(`Usage: ${USAGE}`);
  /** @type {Result} */
  const result = JSON.parse(await readFile(positionals[0], 'utf8'));
  if (result.bench !== 'costs') {
    throw new Error(`Cannot draw ${positionals[0]}: it is no result of "npm run bench -- costs"`);
  }
  const subtitle = subtitleOf(result);
  for (const [name, drawing] of Object.entries(drawings(result))) {
    const path = join(values.out, `cost-${name}.svg`);
    await writeFile(path, chart({ subtitle, height: HEIGHT, ...drawing }));
    console.log(`written: ${path}`);
  }
}

/** @param {Result} result */
function drawings({ runs }) {
  const [fastest] = runs.toReversed();
  const perBuild = (
    /** @type {string} */ prefix,
    read = (/** @type {any} */ entry) => entry.value,
  ) =>
    runs.toReversed().map(({ build, entries }, i) => ({
      label: build,
      kind: /** @type {const} */ (i === 0 ? 'ours' : 'wasm'),
      points: pointsOf(entries, prefix, read),
    }));
  const lengths = { axis: 'tokens of one sequence', ticks: TICKS };
  return {
    latency: { title: 'Milliseconds for one call', lines: perBuild('latency: '), ...lengths },
    token: {
      title: 'Milliseconds for one token of one sequence',
      lines: perBuild('latency: ', ({ value, at }) => value / at),
      isLinear: true,
      ...lengths,
    },
    memory: {
      title: `Megabytes beyond the ${weightsOf(fastest).toFixed(0)} MB of weights`,
      lines: [
        {
          ...perBuild('memory beyond weights: ')[0],
          label: runs.length > 1 ? 'both builds' : fastest.build,
        },
      ],
      isLinear: true,
      ...lengths,
    },
    batch: {
      title: `Milliseconds for one token of a batch, ${fastest.build} build`,
      axis: 'sequences of the batch',
      lines: [8, 32, 128].map((length, i) => ({
        label: `${length} tokens each`,
        kind: /** @type {const} */ (i === 0 ? 'ours' : 'wasm'),
        points: pointsOf(fastest.entries, 'per token: ', ({ value }) => value, `of ${length} `),
      })),
      isLinear: true,
    },
  };
}

/** The entries whose names start with `prefix` and contain `part`, as points. */
function pointsOf(entries, prefix, read, part = '') {
  return entries
    .filter(({ name }) => name.startsWith(prefix) && name.includes(part))
    .map((entry) => ({ x: entry.at, y: read(entry) }));
}

function weightsOf({ entries }) {
  return entries.find(({ name }) => name === 'weights in linear memory').value;
}

/** @param {Result} result */
function subtitleOf({ machine, date, runs, isQuick, clock }) {
  const runtime = machine.runtime.replace(/ \(.*/, '');
  const isNoisy = runs.some(({ entries }) => entries.some((entry) => entry.isNoisy));
  const mark = isQuick || isNoisy ? '; ROUGH: the machine was busy' : '';
  const time = clock === 'wall' ? 'one thread' : 'time of the thread';
  return `${machine.cpu}, ${runtime}; ${time}; ${date.slice(0, 10)}${mark}`;
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
