/**
 * The texts of a call, in whatever shape they came, as a list of samples. Mirrors the checks of
 * transformers' `_encode_plus` and of transformers.js' `_call`.
 */

/** A text as a string, or as words. */
export type SampleText = string | readonly string[];

/** One text, or two. */
export type Sample = readonly [SampleText] | readonly [SampleText, SampleText];

/**
 * Sorts out texts and their pairs.
 * @throws TypeError on kinds that do not match, RangeError on no texts at all
 */
export function samplesOf(
  text: unknown,
  pair: unknown,
  isSplit = false,
): { samples: Sample[]; isBatch: boolean } {
  const isBatch = isSplit ? Array.isArray(text) && Array.isArray(text[0]) : Array.isArray(text);
  const texts = isBatch ? (text as unknown[]) : [text];
  if (texts.length === 0) {
    throw new RangeError('Cannot tokenize: text is an empty array, expected at least one text');
  }
  const check = (t: unknown) => checkText('text', t, isSplit);
  // As in Python, an empty second text of a single pair is no second text.
  if (isBatch ? pair == null : isEmptyOrNone(pair)) {
    return { samples: texts.map((t) => [check(t)]), isBatch };
  }
  const pairs = pairsOf(isBatch ? pair : [pair], texts.length);
  const samples = texts.map(
    (t, i): Sample => [check(t), checkText('text_pair', pairs[i], isSplit)],
  );
  return { samples, isBatch };
}

/** The second texts of a batch, as many as there are first ones. */
function pairsOf(pairs: unknown, count: number): unknown[] {
  if (!Array.isArray(pairs)) {
    throw new TypeError(
      `Cannot tokenize: text_pair is a ${typeof pairs}, expected an array, as text is one`,
    );
  }
  if (pairs.length === count) return pairs;
  throw new RangeError(
    `Cannot tokenize: text_pair has ${pairs.length} texts, expected ${count} as in text`,
  );
}

function isEmptyOrNone(pair: unknown): boolean {
  return pair == null || pair === '' || (Array.isArray(pair) && pair.length === 0);
}

function checkText(name: string, text: unknown, isSplit: boolean): SampleText {
  if (!isSplit && typeof text === 'string') return text;
  if (isSplit && Array.isArray(text) && text.every((word) => typeof word === 'string')) return text;
  const found = Array.isArray(text) ? 'an array' : text === null ? 'null' : typeof text;
  const wanted = isSplit ? 'an array of words, as is_split_into_words is set' : 'a string';
  throw new TypeError(`Cannot tokenize: ${name} is ${found}, expected ${wanted}`);
}
