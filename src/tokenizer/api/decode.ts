/**
 * Tokens back to text (tokenizers/src/decoders/wordpiece.rs; `clean_up_tokenization` of
 * transformers' tokenization_utils_base.py).
 */

/** What tokenizing put blanks into, and what goes without them. */
const ARTIFACTS = [' .', ' ?', ' !', ' ,', " ' ", " n't", " 'm", " 's", " 've", " 're"];

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
  return ARTIFACTS.reduce((result, part) => result.replaceAll(part, part.trim()), text);
}
