/**
 * What does the customer want? The bundled model answers for questions that people asked their bank,
 * then for the whole test file. `npm run demo -- "I lost my card in Rome"` answers for what you type.
 */

import { readFile } from 'node:fs/promises';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { pipeline } from 'mobilebert-wasm';
// The command line's printer of tables; it is no part of the package's interface.
import { scoreCells, scoreColumns } from '../../build/js/cli/score-cells.js';
import { formatTable, tableStyle } from '../../build/js/cli/table.js';
import { parseCsv } from './csv.js';
import { QUESTIONS } from './questions.js';

const MODEL = new URL('../../models/banking77-intents/', import.meta.url);

/** @typedef {import('mobilebert-wasm').TextClassificationPipeline} Classifier */
/** @typedef {import('../../build/js/cli/table.js').Cell} Cell */

const style = tableStyle(process);

main(process.argv.slice(2)).catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});

/** @param {string[]} typed */
async function main(typed) {
  const start = performance.now();
  const classify = await pipeline('text-classification', MODEL);
  const loadTime = performance.now() - start;
  if (typed.length > 0) return answer(classify, typed.join(' '));
  const examples = parseCsv(await readFile(fileURLToPath(new URL('test.csv', MODEL)), 'utf8'));
  await showQuestions(classify, examples);
  await measure(classify, examples, loadTime);
}

/**
 * The three likeliest intents of one question.
 *
 * @param {Classifier} classify
 * @param {string} question
 */
async function answer(classify, question) {
  const found = await classify(question, { top_k: 3 });
  const columns = [{ title: 'Intent', isFlexible: true }, ...scoreColumns(style)];
  const rows = found.map(({ label, score }) => [words(label), ...scoreCells(score, style)]);
  print(`\n${formatTable(columns, rows, style)}\n`);
}

/**
 * A table of real questions; where the answer is not the label, the label stands below it.
 *
 * @param {Classifier} classify
 * @param {Record<string, string>[]} examples
 */
async function showQuestions(classify, examples) {
  const found = await classify(QUESTIONS);
  const columns = [
    { title: '' },
    { title: 'Question', isFlexible: true },
    { title: 'Intent', isFlexible: true },
    ...scoreColumns(style),
  ];
  const rows = QUESTIONS.flatMap((question, i) => {
    const { label, score } = found[i];
    const expected = examples.find(({ text }) => text === question)?.category ?? 'nothing';
    /** @type {Cell} */
    const mark = label === expected ? { text: '✓', color: 'green' } : { text: '✗', color: 'red' };
    const row = [mark, question, words(label), ...scoreCells(score, style)];
    if (label === expected) return [row];
    /** @type {Cell} */
    const note = { text: `labelled: ${words(expected)}`, color: 'dim' };
    return [row, ['', '', note]];
  });
  print(`\nBank customers' questions, each read as one of 77 intents\n\n`);
  print(formatTable(columns, rows, style));
}

/**
 * Accuracy, speed and memory on the whole test file.
 *
 * @param {Classifier} classify
 * @param {Record<string, string>[]} examples
 * @param {number} loadTime milliseconds
 */
async function measure(classify, examples, loadTime) {
  const questions = examples.map(({ text }) => text);
  const start = performance.now();
  const found = await classify(questions);
  const seconds = (performance.now() - start) / 1000;
  const { build, memory } = await classify.model.info();
  const right = found.filter(({ label }, i) => label === examples[i].category).length;
  const tokens = questions.reduce((sum, text) => sum + classify.tokenizer.encode(text).length, 0);
  const rss = process.memoryUsage().rss;
  const count = (/** @type {number} */ n) => Math.round(n).toLocaleString('en');
  const mega = (/** @type {number} */ bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
  const facts = [
    [
      'Right',
      `${((100 * right) / found.length).toFixed(2)} % (${count(right)} of ${count(found.length)})`,
    ],
    [
      'Speed',
      `${count(found.length / seconds)} questions/s, ${count(tokens / seconds)} tokens/s, one thread`,
    ],
    ['Memory', `${mega(memory.total)} linear, ${mega(rss)} resident set`],
    ['Build', `${build}, on Node ${process.versions.node}`],
    ['Loading', `${count(loadTime)} ms`],
  ];
  print(`\nThe whole test file, ${count(found.length)} questions\n\n`);
  for (const [name, value] of facts) print(`  ${style.paint(name.padEnd(9), 'bold')}${value}\n`);
  print(`\nAsk your own: npm run demo -- "I lost my card in Rome"\n\n`);
}

/**
 * A label as people write: "card_arrival" -> "card arrival".
 *
 * @param {string} label
 */
function words(label) {
  return label.replaceAll('_', ' ');
}

/** @param {string} text */
function print(text) {
  process.stdout.write(text);
}
