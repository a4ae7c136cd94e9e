/**
 * The three bundled models on texts that people wrote to a bank and to a restaurant: a table of
 * examples per model, and in a checkout the test files. `npm start -- "A table for two at 8"` takes
 * your text.
 */

import process from 'node:process';
import { pipeline } from 'mobilebert-wasm';
import * as answers from './answers.js';
import * as intents from './intents.js';
import { folderOf, readTest } from './models.js';
import * as slots from './slots.js';
import { formatTable, paint, scoreCell } from './table.js';

const PARTS = [intents, slots, answers];
const MEASURED = ['Model', 'Test texts', 'Accuracy', 'Speed', 'Memory', 'Loading'];

/** @typedef {typeof PARTS[number]} Part */
/** @typedef {{ build: string, cells: string[] }} Measured */

// The reader of the output has closed it, as in `npm run demo | head`.
process.stdout.on('error', () => process.exit());

main(process.argv.slice(2)).catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});

/** @param {string[]} typed */
async function main(typed) {
  const text = typed.join(' ');
  const measured = [];
  for (const part of PARTS) {
    const folder = folderOf(part.model);
    const start = performance.now();
    const pipe = await pipeline(part.task, folder);
    const loading = performance.now() - start;
    const { test, isWhole } = await readTest(part.model);
    if (text) {
      printTable(part.model, part.typedColumns, await part.typedRows(pipe, text, test));
    } else {
      printTable(part.title, ['', ...part.columns], await part.rowsOf(pipe, test));
      if (isWhole) measured.push(await measure(part, pipe, test, loading));
    }
    await pipe.dispose();
  }
  if (measured.length > 0) printMeasured(measured);
}

/**
 * @param {string} title
 * @param {string[]} names of the columns before the score
 * @param {import('./marks.js').Rows} rows
 */
function printTable(title, names, rows) {
  const cells = rows.map((row) => [
    ...row.cells,
    row.score === undefined ? '' : scoreCell(row.score),
  ]);
  print(`\n${paint(title, 'bold')}\n\n${formatTable([...names, 'Score'], cells)}`);
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
  print(`\n${paint('The test files', 'bold')}\n\n${formatTable(MEASURED, rows)}`);
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
