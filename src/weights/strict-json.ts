/**
 * parseJson(): JSON.parse, but strict. JSON.parse keeps the last of two equal keys and nests as
 * deep as the text says; with both a file can mean different things to different readers.
 */

/** Bounds on a JSON text, checked before it is parsed. */
export interface JsonBounds {
  /** Objects and lists inside one another. */
  readonly depth: number;
  /** Keys of the outermost object. */
  readonly keys: number;
}

/**
 * The value of a JSON text.
 *
 * @throws SyntaxError for a text that is no JSON, an object with one key twice, and beyond `bounds`
 */
export function parseJson(text: string, bounds: JsonBounds): unknown {
  checkKeys(text, bounds);
  return JSON.parse(text);
}

function checkKeys(text: string, bounds: JsonBounds): void {
  /** Keys of every open object; null for a list. */
  const open: (Set<string> | null)[] = [];
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    if (char === '{' || char === '[') {
      open.push(char === '{' ? new Set() : null);
      if (open.length > bounds.depth) throw new SyntaxError(`it nests deeper than ${bounds.depth}`);
    } else if (char === '}' || char === ']') {
      open.pop();
    } else if (char === '"') {
      const end = endOfString(text, i);
      const keys = open.at(-1);
      if (keys && isKey(text, end)) addKey(keys, text.slice(i, end));
      if (open.length === 1 && keys && keys.size > bounds.keys) {
        throw new SyntaxError(`it has more than ${bounds.keys} keys`);
      }
      i = end - 1;
    }
  }
}

/** Index after the closing quote of the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  for (let end = start + 1; end < text.length; end++) {
    const char = text[end];
    if (char === '\\') end++;
    else if (char === '"') return end + 1;
  }
  throw new SyntaxError('a string has no end');
}

/** Whether a colon follows the string that ends at `end`. */
function isKey(text: string, end: number): boolean {
  let next = end;
  while (next < text.length && ' \t\r\n'.includes(text[next]!)) next++;
  return text[next] === ':';
}

function addKey(keys: Set<string>, quoted: string): void {
  // Parsed, because "a" and "\u0061" are the same key.
  const key = JSON.parse(quoted) as string;
  if (keys.has(key)) throw new SyntaxError(`key ${JSON.stringify(key.slice(0, 120))} stands twice`);
  keys.add(key);
}
