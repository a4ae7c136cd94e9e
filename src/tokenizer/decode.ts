/**
 * Tokens back to text (tokenizers/src/decoders/wordpiece.rs; `clean_up_tokenization` of
 * transformers' tokenization_utils_base.py).
 */

/** Blanks that tokenizing put in, with what they become. */
const ARTIFACTS: readonly [string, string][] = [
  [' .', '.'],
  [' ?', '?'],
  [' !', '!'],
  [' ,', ','],
  [" ' ", "'"],
  [" n't", "n't"],
  [" 'm", "'m"],
  [" 's", "'s"],
  [" 've", "'ve"],
  [" 're", "'re"],
];

/** Joins tokens: those with the prefix continue a word; `cleanup` takes artifacts out of each. */
export function joinTokens(tokens: readonly string[], prefix: string, cleanup: boolean): string {
  const parts = tokens.map((token, i) => {
    const isPiece = token.startsWith(prefix);
    const part = i === 0 ? token : isPiece ? token.slice(prefix.length) : ` ${token}`;
    return cleanup ? cleanUp(part.replaceAll(' do not', " don't")) : part;
  });
  return parts.join('');
}

/** Takes out the blanks before punctuation and contractions. */
export function cleanUp(text: string): string {
  return ARTIFACTS.reduce((result, [from, to]) => result.replaceAll(from, to), text);
}
