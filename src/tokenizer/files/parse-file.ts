/**
 * The content of one tokenizer file, within bounds. It refuses what stands in the place of a file:
 * servers answer with pages where a file is absent, and Git LFS leaves pointers.
 */

import { TokenizerError } from '../../errors.ts';
import { parseJson } from '../../json.ts';
import { shown } from '../text/shown.ts';
import type { Fields } from './settings.ts';

/** Characters of a file at most. */
const MAX_LENGTH = 2 ** 26;

/** Objects and lists inside one another at most. */
const MAX_DEPTH = 64;

/**
 * The object in a JSON file; undefined when there is none.
 * @param content the text of the file, or its parsed value
 * @throws TokenizerError for anything but an object, and SyntaxError for broken JSON
 */
export function parseFile(name: string, content: unknown): Fields | undefined {
  if (content === undefined || content === null) return undefined;
  let value: unknown = content;
  if (typeof content === 'string') {
    checkText(name, content);
    try {
      // Rust and Python take the last of equal keys, too.
      value = parseJson(content, { depth: MAX_DEPTH, mayRepeatKeys: true, mayHoldNaN: true });
    } catch (error) {
      throw new SyntaxError(`Cannot read ${name}: ${(error as Error).message}`, { cause: error });
    }
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new TokenizerError(`Cannot read ${name}: found ${shown(value)}, expected an object`);
}

/** @throws TokenizerError for what stands in the place of a file, and for a file that is too long */
export function checkText(name: string, text: string): void {
  const found =
    text.length > MAX_LENGTH ? `more than ${MAX_LENGTH} characters` : impostorIn(text, name);
  if (!found) return;
  throw new TokenizerError(`Cannot read ${name}: found ${found}, expected the file itself`);
}

/** What a text is instead of a file: what servers and version control put in its place. */
function impostorIn(text: string, name: string): string | undefined {
  if (text.startsWith('version https://git-lfs.github.com/spec/')) {
    return 'a pointer of Git LFS; `git lfs pull` fetches the file';
  }
  const start = startOf(text);
  if (/^<(!doctype\s+html|html[\s>])/i.test(start)) return 'an HTML page';
  if (/^<\?xml\s/.test(start)) return 'an XML page';
  // One line of JSON is what servers answer for an error. No vocabulary has one token.
  const isJson = name === 'vocab.txt' && /^\{"[^\n]*\}\s*$/.test(text);
  return isJson ? 'JSON' : undefined;
}

/** The first letters of a page, after blanks, a byte order mark and comments. */
function startOf(text: string): string {
  let at = 0;
  for (;;) {
    while (at < text.length && /[\s\ufeff]/.test(text[at]!)) at++;
    if (!text.startsWith('<!--', at)) return text.slice(at, at + 64);
    const end = text.indexOf('-->', at);
    if (end < 0) return '';
    at = end + 3;
  }
}
