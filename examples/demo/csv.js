/**
 * Comma-separated values (RFC 4180): quoted fields may hold commas, line breaks and doubled quotes.
 */

/** A field, quoted or not, and its end: a comma, a line break or the end of the text. */
const FIELD = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y;

/**
 * Parses records to objects. The first line has the names of the fields.
 *
 * @param {string} text
 * @returns {Record<string, string>[]}
 * @throws {SyntaxError} with the position of a quote that is not closed or in the middle of a field
 */
export function parseCsv(text) {
  const [head = [], ...rows] = [...records(text)];
  return rows.map((row) => Object.fromEntries(head.map((name, i) => [name, row[i] ?? ''])));
}

/**
 * @param {string} text
 * @returns {Generator<string[]>}
 */
function* records(text) {
  /** @type {string[]} */
  let record = [];
  let at = 0;
  while (at < text.length || record.length > 0) {
    FIELD.lastIndex = at;
    const field = FIELD.exec(text);
    if (field === null) {
      throw new SyntaxError(`Cannot parse CSV: found a stray quote after character ${at}`);
    }
    const [whole, quoted, bare = '', end] = field;
    record.push(quoted?.replaceAll('""', '"') ?? bare);
    at += whole.length;
    if (end === ',') continue;
    yield record;
    record = [];
  }
}
