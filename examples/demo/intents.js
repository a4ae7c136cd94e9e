/**
 * Intents: a bank customer's question -> one of 77 intents.
 */

import { mark, percent } from './marks.js';
import { QUESTIONS } from './texts.js';

/** @typedef {import('mobilebert-wasm').TextClassificationPipeline} Classifier */
/** @typedef {import('./marks.js').Rows} Rows */

export const task = 'text-classification';
export const model = 'banking77-intents';
export const title = "Bank customers' questions, each read as one of 77 intents";
export const columns = ['Question', 'Intent'];
export const typedColumns = ['Intent'];

/**
 * A row per question. Below a wrong intent, the labelled one.
 *
 * @param {Classifier} classify
 * @param {Record<string, string>[]} test
 * @returns {Promise<Rows>}
 */
export async function rowsOf(classify, test) {
  const found = await classify(QUESTIONS);
  return QUESTIONS.flatMap((question, i) => {
    const { label, score } = found[i];
    const expected = test.find(({ text }) => text === question)?.category ?? 'nothing';
    const isRight = label === expected;
    const row = { cells: [mark(isRight), question, words(label)], score };
    if (isRight) return [row];
    return [row, { cells: ['', '', { text: `labelled: ${words(expected)}`, color: 'dim' }] }];
  });
}

/**
 * The three most probable intents of a text.
 *
 * @param {Classifier} classify
 * @param {string} text
 * @returns {Promise<Rows>}
 */
export async function typedRows(classify, text) {
  const found = await classify(text, { top_k: 3 });
  return found.map(({ label, score }) => ({ cells: [words(label)], score }));
}

/**
 * @param {Classifier} classify
 * @param {Record<string, string>[]} test
 */
export async function measure(classify, test) {
  const found = await classify(test.map(({ text }) => text));
  const right = found.filter(({ label }, i) => label === test[i].category).length;
  return { count: test.length, unit: 'questions', right: `${percent(right, test.length)} right` };
}

/**
 * A label as words: "card_arrival" -> "card arrival".
 *
 * @param {string} label
 */
function words(label) {
  return label.replaceAll('_', ' ');
}
