/**
 * Answers: questions about booking requests, answered with their words, or not answerable.
 */

import { isAt, spansOf } from './bookings.js';
import { mark, percent } from './marks.js';
import { ASKED } from './texts.js';

/** @typedef {import('mobilebert-wasm').QuestionAnsweringPipeline} Answerer */
/** @typedef {import('./bookings.js').TestFile} TestFile */
/** @typedef {import('./marks.js').Rows} Rows */

export const task = 'question-answering';
export const model = 'restaurant8k-answers';
export const title = 'Questions about booking requests, answered with their words';
export const columns = ['Request', 'Question', 'Answer'];
export const typedColumns = ['Question', 'Answer'];

const OPTIONS = { handle_impossible_answer: true };

/** All five questions for every fifth request: as many questions as there are requests. */
const EVERY = 5;

/**
 * @param {Answerer} ask
 * @param {TestFile} test
 * @returns {Promise<Rows>}
 */
export async function rowsOf(ask, test) {
  const { questions } = test;
  const pairs = ASKED.flatMap(({ text, slots }) =>
    slots.map((slot, n) => ({ text, slot, isFirst: n === 0 })),
  );
  const found = await ask(
    pairs.map(({ slot }) => questions[slot]),
    pairs.map(({ text }) => text),
    OPTIONS,
  );
  return pairs.map(({ text, slot, isFirst }, i) => {
    const isRight = isExpected(found[i], spansOf(test, text)[slot]);
    const cells = [mark(isRight), isFirst ? text : '', questions[slot], answerCell(found[i])];
    return { cells, score: found[i].score };
  });
}

/**
 * @param {Answerer} ask
 * @param {string} text
 * @param {TestFile} test
 * @returns {Promise<Rows>}
 */
export async function typedRows(ask, text, { questions }) {
  const asked = Object.values(questions);
  const found = await ask(asked, text, OPTIONS);
  return asked.map((question, i) => ({
    cells: [question, answerCell(found[i])],
    score: found[i].score,
  }));
}

/**
 * @param {Answerer} ask
 * @param {TestFile} test
 */
export async function measure(ask, { questions, utterances }) {
  const pairs = utterances
    .filter((_, i) => i % EVERY === 0)
    .flatMap(({ text, spans }) =>
      Object.entries(questions).map(([slot, question]) => ({ text, question, span: spans[slot] })),
    );
  const found = await ask(
    pairs.map(({ question }) => question),
    pairs.map(({ text }) => text),
    OPTIONS,
  );
  const right = found.filter((answer, i) => isExpected(answer, pairs[i].span)).length;
  return { count: pairs.length, unit: 'questions', right: `${percent(right, pairs.length)} right` };
}

/**
 * @param {import('mobilebert-wasm').Answer} found
 * @param {[start: number, end: number] | undefined} span
 */
function isExpected(found, span) {
  return span === undefined ? found.answer === '' : isAt(found, span);
}

/**
 * @param {import('mobilebert-wasm').Answer} found
 * @returns {import('./marks.js').Cell}
 */
function answerCell({ answer }) {
  return answer === '' ? { text: 'no answer', color: 'dim' } : answer;
}
