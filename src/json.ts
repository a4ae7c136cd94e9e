/**
 * parseJson(): JSON.parse within bounds, for files that nobody vouches for. It refuses nesting that
 * would overflow the stack, and equal keys: JSON.parse keeps the last, so a file can mean different
 * things to different readers. On request it reads `NaN` and `Infinity`, which Python writes.
 */

/** Bounds on a JSON text, checked before it is parsed. */
export interface JsonBounds {
  /** Objects and lists inside one another. */
  readonly depth: number;
  /** Keys of the outermost object; default: any number. */
  readonly keys?: number;
  /** Whether an object may have one key twice, of which the last counts; default `false`. */
  readonly mayRepeatKeys?: boolean;
  /** Whether `NaN`, `Infinity` and `-Infinity` are read, as Python does; default `false`. */
  readonly mayHoldNaN?: boolean;
}

/** Stands for NaN between scanning and parsing. No JSON string that Python writes begins so. */
const NAN = '\\u0000NaN';

/**
 * The value of a JSON text.
 *
 * @throws SyntaxError for a text that is no JSON, an object with one key twice, and beyond `bounds`
 */
export function parseJson(text: string, bounds: JsonBounds): unknown {
  const constants = scan(text, bounds);
  if (constants.length === 0 || !bounds.mayHoldNaN) return JSON.parse(text);
  return JSON.parse(withStandIns(text, constants), (_, value) =>
    value === '\u0000NaN' ? Number.NaN : value,
  );
}

/** Checks the bounds. Returns where NaN and Infinity stand outside strings. */
function scan(text: string, { depth, keys: most, mayRepeatKeys = false }: JsonBounds): number[] {
  /** Keys of every open object; null for a list. */
  const open: (Set<string> | null)[] = [];
  const constants: number[] = [];
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    if (char === '{' || char === '[') {
      open.push(char === '{' ? new Set() : null);
      if (open.length > depth) throw new SyntaxError(`it nests deeper than ${depth}`);
    } else if (char === '}' || char === ']') {
      open.pop();
    } else if (char === 'N' || char === 'I') {
      constants.push(i);
    } else if (char === '"') {
      const end = endOfString(text, i);
      const keys = open.at(-1);
      const isCounted = !mayRepeatKeys || (open.length === 1 && most !== undefined);
      if (keys && isCounted && isKey(text, end)) addKey(keys, text.slice(i, end), mayRepeatKeys);
      if (open.length === 1 && keys && most !== undefined && keys.size > most) {
        throw new SyntaxError(`it has more than ${most} keys`);
      }
      i = end - 1;
    }
  }
  return constants;
}

/** The text with something in place of NaN and Infinity that JSON.parse reads. */
function withStandIns(text: string, constants: readonly number[]): string {
  const parts: string[] = [];
  let end = 0;
  for (const at of constants) {
    const [constant, standIn] = text.startsWith('NaN', at)
      ? ['NaN', `"${NAN}"`]
      : // Above the largest double, so it is read as Infinity. The space ends the number.
        ['Infinity', '1e999 '];
    if (!text.startsWith(constant, at)) continue;
    parts.push(text.slice(end, at), standIn);
    end = at + constant.length;
  }
  return parts.join('') + text.slice(end);
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

function addKey(keys: Set<string>, quoted: string, mayRepeat: boolean): void {
  // Parsed, because "a" and "\u0061" are the same key.
  const key = JSON.parse(quoted) as string;
  if (!mayRepeat && keys.has(key)) {
    throw new SyntaxError(`key ${JSON.stringify(key.slice(0, 120))} stands twice`);
  }
  keys.add(key);
}
