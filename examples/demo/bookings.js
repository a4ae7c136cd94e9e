/**
 * The test file of both models of restaurant bookings: utterances, with spans labelled by people.
 */

/** @typedef {Record<string, [start: number, end: number]>} Spans */
/** @typedef {{ text: string, spans: Spans }} Utterance */
/** @typedef {{ questions: Record<string, string>, utterances: Utterance[] }} TestFile */

/**
 * The labelled spans of an utterance.
 *
 * @param {TestFile} test
 * @param {string} text
 * @returns {Spans}
 */
export function spansOf({ utterances }, text) {
  return utterances.find((one) => one.text === text)?.spans ?? {};
}

/**
 * @param {{ start: number, end: number }} found
 * @param {[start: number, end: number] | undefined} span
 */
export function isAt(found, span) {
  return span !== undefined && found.start === span[0] && found.end === span[1];
}
