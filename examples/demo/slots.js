/**
 * Slots: the words of a booking request that say how many people, the date, the time and names.
 */

import { isAt, spansOf } from './bookings.js';
import { mark, percent } from './marks.js';
import { BOOKINGS } from './texts.js';

/** @typedef {import('mobilebert-wasm').TokenClassificationPipeline} Tagger */
/** @typedef {import('./bookings.js').TestFile} TestFile */
/** @typedef {import('./marks.js').Rows} Rows */

export const task = 'token-classification';
export const model = 'restaurant8k-slots';
export const title = 'Slots of booking requests';
export const columns = ['Request', 'Words', 'Slot'];
export const typedColumns = ['Words', 'Slot'];

const OPTIONS = /** @type {const} */ ({ aggregation_strategy: 'first' });

/**
 * A row per entity. Below wrong words, the labelled ones.
 *
 * @param {Tagger} tag
 * @param {TestFile} test
 * @returns {Promise<Rows>}
 */
export async function rowsOf(tag, test) {
  const found = await tag(BOOKINGS, OPTIONS);
  return BOOKINGS.flatMap((text, i) => {
    const spans = spansOf(test, text);
    return found[i].flatMap(({ entity_group, score, start, end }, n) => {
      const span = spans[entity_group];
      const isRight = isAt({ start, end }, span);
      const cells = [mark(isRight), n === 0 ? text : '', text.slice(start, end), entity_group];
      if (isRight) return [{ cells, score }];
      const labelled = span ? text.slice(...span) : 'nothing';
      return [
        { cells, score },
        { cells: ['', '', { text: `labelled: ${labelled}`, color: 'dim' }] },
      ];
    });
  });
}

/**
 * @param {Tagger} tag
 * @param {string} text
 * @returns {Promise<Rows>}
 */
export async function typedRows(tag, text) {
  const found = await tag(text, OPTIONS);
  return found.map(({ entity_group, score, start, end }) => ({
    cells: [text.slice(start, end), entity_group],
    score,
  }));
}

/**
 * Reads each request alone, although some answer a question of the system.
 *
 * @param {Tagger} tag
 * @param {TestFile} test
 */
export async function measure(tag, { utterances }) {
  const found = await tag(
    utterances.map(({ text }) => text),
    OPTIONS,
  );
  const wanted = utterances.reduce((sum, { spans }) => sum + Object.keys(spans).length, 0);
  const right = found.flatMap((entities, i) =>
    entities.filter((entity) => isAt(entity, utterances[i].spans[entity.entity_group])),
  ).length;
  const f1 = percent(2 * right, found.flat().length + wanted);
  return { count: utterances.length, unit: 'requests', right: `F1 ${f1}` };
}
