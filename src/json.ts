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
  /** Keys of every other object; default: any number. */
  readonly innerKeys?: number;
  /** Objects, lists and what is in them, all together; default: any number. */
  readonly values?: number;
  /** Whether an object may have one key twice, of which the last counts; default `false`. */
  readonly mayRepeatKeys?: boolean;
  /** Whether `NaN`, `Infinity` and `-Infinity` are read, as Python does; default `false`. */
  readonly mayHoldNaN?: boolean;
}

/** Stands for NaN where JSON has only strings. No name and no label begins so. */
const STAND_IN = '\u0000NaN';

/**
 * The value of a JSON text.
 *
 * @throws SyntaxError for a text that is no JSON, an object with one key twice, and beyond `bounds`
 */
export function parseJson(text: string, bounds: JsonBounds): unknown {
  const constants = scan(text, bounds);
  if (constants.length === 0 || !bounds.mayHoldNaN) return JSON.parse(text);
  return JSON.parse(withStandIns(text, constants), (_, value) =>
    value === STAND_IN ? Number.NaN : value,
  );
}

/**
 * The text of a value as Python's json.dumps writes it, which has NaN and Infinity.
 *
 * @param indent spaces for each level
 */
export function jsonText(value: unknown, indent: number): string {
  const constants: string[] = [];
  const text = JSON.stringify(
    value,
    (_, item: unknown) => {
      if (typeof item !== 'number' || Number.isFinite(item)) return item;
      constants.push(String(item));
      return STAND_IN;
    },
    indent,
  );
  if (constants.length === 0) return text;
  const parts = text.split(JSON.stringify(STAND_IN));
  // A text of the value that happens to be the stand-in: then it stays as it is.
  if (parts.length !== constants.length + 1) return JSON.stringify(value, null, indent);
  return parts.map((part, i) => part + (constants[i] ?? '')).join('');
}

/** An object whose end has not been read yet. */
interface OpenObject {
  /** Its keys, where none may stand twice. */
  readonly seen: Set<string> | undefined;
  readonly most: number;
  count: number;
}

/** Checks the bounds. Returns where NaN and Infinity stand outside strings. */
function scan(text: string, bounds: JsonBounds): number[] {
  const { depth, keys = Infinity, innerKeys = Infinity, values: most = Infinity } = bounds;
  /** Null for a list. */
  const open: (OpenObject | null)[] = [];
  const constants: number[] = [];
  let values = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (char === BRACE || char === BRACKET) {
      const seen = bounds.mayRepeatKeys ? undefined : new Set<string>();
      const isObject = char === BRACE;
      open.push(isObject ? { seen, most: open.length > 0 ? innerKeys : keys, count: 0 } : null);
      if (open.length > depth) throw new SyntaxError(`it nests deeper than ${depth}`);
      values++;
    } else if (char === BRACE_END || char === BRACKET_END) {
      open.pop();
    } else if (char === COMMA) {
      values++;
    } else if (char === QUOTE) {
      const end = endOfString(text, i);
      const object = open.at(-1);
      if (object && isKey(text, end)) addKey(object, text, i, end);
      i = end - 1;
    } else if (char === UPPER_N || char === UPPER_I) {
      constants.push(i);
    }
    if (values > most) throw new SyntaxError(`it has more than ${most} values`);
  }
  return constants;
}

const [BRACE, BRACE_END, BRACKET, BRACKET_END, COMMA, COLON, QUOTE, BACKSLASH, UPPER_N, UPPER_I] =
  Array.from('{}[],:"\\NI', (char) => char.charCodeAt(0));

/** The text with something in place of NaN and Infinity that JSON.parse reads. */
function withStandIns(text: string, constants: readonly number[]): string {
  const parts: string[] = [];
  let end = 0;
  for (const at of constants) {
    const [constant, standIn] = text.startsWith('NaN', at)
      ? ['NaN', JSON.stringify(STAND_IN)]
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
    const char = text.charCodeAt(end);
    if (char === BACKSLASH) end++;
    else if (char === QUOTE) return end + 1;
  }
  throw new SyntaxError('a string has no end');
}

/** Whether a colon follows the string that ends at `end`. */
function isKey(text: string, end: number): boolean {
  let next = end;
  while (next < text.length && ' \t\r\n'.includes(text[next]!)) next++;
  return text.charCodeAt(next) === COLON;
}

/** Counts the key from its opening quote to the one before `end`. */
function addKey(object: OpenObject, text: string, start: number, end: number): void {
  object.count++;
  if (object.count > object.most) throw new SyntaxError(`it has more than ${object.most} keys`);
  if (!object.seen) return;
  const plain = text.slice(start + 1, end - 1);
  // Parsed, because "a" and "\u0061" are the same key.
  const key = plain.includes('\\') ? (JSON.parse(`"${plain}"`) as string) : plain;
  if (object.seen.has(key)) {
    throw new SyntaxError(`key ${JSON.stringify(key.slice(0, 120))} stands twice`);
  }
  object.seen.add(key);
}
