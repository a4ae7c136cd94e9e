/**
 * The three bundled models on texts that people wrote to a bank and to a restaurant: a table of
 * examples per model, then the test files. `npm run demo -- "A table for two at 8"` takes your text.
 */

import process from 'node:process';
import { pipeline } from 'mobilebert-wasm';
// The tables of the command line, which are not part of the package's API.
import { scoreCells, scoreColumns } from '../../build/js/cli/result-tables.js';
import { formatTable, tableStyle } from '../../build/js/cli/table.js';
import * as answers from './answers.js';
import * as intents from './intents.js';
import * as slots from './slots.js';

const MODELS = new URL('../../models/', import.meta.url);
const PARTS = [intents, slots, answers];

/** @type {import('../../build/js/cli/table.js').Column[]} */
const MEASURED_COLUMNS = [
  { title: 'Model' },
  { title: 'Test texts' },
  { title: 'Accuracy' },
  { title: 'Speed', pad: 'left' },
  { title: 'Memory', pad: 'left' },
  { title: 'Loading', pad: 'left' },
];

/** @typedef {typeof PARTS[number]} Part */
/** @typedef {{ build: string, cells: string[] }} Measured */

const style = tableStyle(process);

main(process.argv.slice(2)).catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});

/** @param {string[]} typed */
async function main(typed) {
  const text = typed.join(' ');
  const measured = [];
  for (const part of PARTS) {
    const folder = new URL(`${part.model}/`, MODELS);
    const start = performance.now();
    const pipe = await pipeline(part.task, folder);
    const loading = performance.now() - start;
    const test = await part.readTest(folder);
    if (text) {
      printTable(part.model, part.typedColumns, await part.typedRows(pipe, text, test));
    } else {
      printTable(part.title, ['', ...part.columns], await part.rowsOf(pipe, test));
      measured.push(await measure(part, pipe, test, loading));
    }
    await pipe.dispose();
  }
  if (!text) printMeasured(measured);
}

/**
 * @param {string} title
 * @param {string[]} names of the columns before the score
 * @param {import('./marks.js').Rows} rows
 */
function printTable(title, names, rows) {
  const columns = names.map((name) => ({ title: name, isFlexible: name !== '' }));
  const cells = rows.map((row) => [
    ...row.cells,
    ...(row.score === undefined ? [] : scoreCells(row.score, style)),
  ]);
  print(`\n${style.paint(title, 'bold')}\n\n`);
  print(formatTable([...columns, ...scoreColumns(style)], cells, style));
}

/**
 * The accuracy, speed, memory and loading time of one model.
 *
 * @param {Part} part
 * @param {Awaited<ReturnType<typeof pipeline>>} pipe its pipeline
 * @param {object} test its test file
 * @param {number} loading milliseconds
 * @returns {Promise<Measured>}
 */
async function measure(part, pipe, test, loading) {
  const start = performance.now();
  const { count, unit, right } = await part.measure(pipe, test);
  const seconds = (performance.now() - start) / 1000;
  const { build, memory } = await pipe.model.info();
  const whole = (/** @type {number} */ n) => Math.round(n).toLocaleString('en');
  return {
    build,
    cells: [
      part.model.replace(/^.*-/, ''),
      `${whole(count)} ${unit}`,
      right,
      `${whole(count / seconds)} a second`,
      `${(memory.total / 1e6).toFixed(1)} MB`,
      `${whole(loading)} ms`,
    ],
  };
}

/** @param {Measured[]} measured */
function printMeasured(measured) {
  const rows = measured.map(({ cells }) => cells);
  print(`\n${style.paint('The test files', 'bold')}\n\n`);
  print(formatTable(MEASURED_COLUMNS, rows, style));
  const rss = `${(process.memoryUsage().rss / 1e6).toFixed(0)} MB resident set`;
  print(`\n${measured[0].build} build on Node ${process.versions.node}, one thread, ${rss}\n`);
  print(
    '\nType your own: npm run demo -- "A table for two tomorrow at 8pm under Rosalba Timmins"\n\n',
  );
}

/** @param {string} text */
function print(text) {
  process.stdout.write(text);
}
