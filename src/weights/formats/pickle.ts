/**
 * unpickle(): the part of Python's pickle machine that PyTorch's checkpoints use. It makes numbers,
 * strings, lists and dicts. A host decides what globals, calls and persistent ids mean, from a
 * closed list; nothing else is ever called. Opcodes have the names of CPython's pickletools.py; all
 * others are refused by name.
 */

import type { ByteReader } from '../byte-reader.ts';
import { fail, quote } from '../tensor-info.ts';

/** The world outside of a pickle. All three throw SyntaxError for what they do not know. */
export interface PickleHost {
  /** The value of a global, `module.name`. */
  global(name: string): unknown;
  /** The result of a call. */
  call(callable: unknown, args: readonly unknown[]): unknown;
  /** The object that a persistent id names. */
  persistent(id: unknown): unknown;
}

/**
 * More than the pickle of any MobileBERT has; values in memory take a multiple of their opcodes.
 */
const MAX_PICKLE_BYTES = 2 ** 22;
/** The two lines of GLOBAL: module and name. */
const MAX_GLOBAL_BYTES = 256;
/**
 * The most that a pickle may cost: 1 for an opcode and more where it makes something, about 16 bytes
 * of memory a unit. A tensor costs some 120, so this is 8,800 tensors: a MobileBERT of 24 layers with
 * its optimizer's state and averages, six tensors for each of its 1,113 parameters.
 */
const MAX_COST = 2 ** 20;
/** What an entry of the memo, a list or tuple, its growth, and a dict or object cost. */
const MEMO_COST = 2;
const LIST_COST = 3;
const GROWTH_COST = 8;
const OBJECT_COST = 15;

/**
 * Reads one pickle up to its STOP opcode, and no byte more.
 *
 * @throws WeightsError for a broken pickle, and for opcodes and globals that are refused
 */
export async function readPickle(
  reader: ByteReader,
  host: PickleHost,
  file: string,
): Promise<unknown> {
  const start = reader.position;
  const machine = unpickle(host);
  // Opcodes and the letters of globals come one by one: without a view for each.
  const one = new Uint8Array(1);
  const { chunk } = reader;
  try {
    let step = machine.next();
    while (!step.done) {
      const count = step.value;
      if (reader.position - start + count > MAX_PICKLE_BYTES) {
        throw new SyntaxError(`it has more than ${MAX_PICKLE_BYTES} bytes`);
      }
      if (count === 1 && chunk.rest > 0) {
        one[0] = chunk.bytes[chunk.at++]!;
        step = machine.next(one);
        continue;
      }
      const bytes = reader.readNow(count) ?? (await reader.read(count));
      if (bytes.length < count) throw new SyntaxError('it is cut off');
      step = machine.next(bytes);
    }
    return step.value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw fail(file, `pickle is not usable: ${error.message}`, error);
  }
}

/** Runs a pickle: yields how many bytes it needs, is resumed with them, returns the value. */
export function* unpickle(host: PickleHost): Generator<number, unknown, Uint8Array> {
  const machine = new Machine(host);
  for (;;) {
    const code = (yield 1)[0]!;
    if (code === STOP) return machine.pop();
    const op = OPS.get(code);
    if (!op)
      throw new SyntaxError(
        `found opcode ${refusedName(code)}, expected those of a dict of tensors`,
      );
    machine.spend(1);
    op.run(machine, yield* argumentOf(op.argument));
  }
}

function* argumentOf(kind: Argument): Generator<number, Uint8Array, Uint8Array> {
  if (typeof kind === 'number') return kind === 0 ? NOTHING : yield kind;
  if (kind === 'lines') {
    const bytes: number[] = [];
    for (let lines = 0; lines < 2; ) {
      const byte = (yield 1)[0]!;
      if (byte === NEWLINE) lines++;
      bytes.push(byte);
      if (bytes.length > MAX_GLOBAL_BYTES) throw new SyntaxError('a global has an endless name');
    }
    return Uint8Array.from(bytes);
  }
  const length = unsigned(yield kind === 'counted1' ? 1 : 4);
  return length === 0 ? NOTHING : yield length;
}

const STOP = 0x2e;
const NEWLINE = 0x0a;
const NOTHING = new Uint8Array();

/** The argument of an opcode: bytes, bytes after a count of 1 or 4 bytes, or two lines. */
type Argument = number | 'counted1' | 'counted4' | 'lines';
type Run = (machine: Machine, argument: Uint8Array) => void;

/** Stack, marks and memo, and the operations of opcodes. */
class Machine {
  readonly host: PickleHost;
  readonly memo = new Map<number, unknown>();
  readonly #stack: unknown[] = [];
  readonly #marks: number[] = [];
  #cost = 0;

  constructor(host: PickleHost) {
    this.host = host;
  }

  /** Counts against the bound on all that a pickle makes. */
  spend(cost: number): void {
    this.#cost += cost;
    if (this.#cost > MAX_COST) throw new SyntaxError('it has more values than any checkpoint');
  }

  push(value: unknown): void {
    this.#stack.push(value);
  }

  pop(): unknown {
    if (this.#stack.length <= (this.#marks.at(-1) ?? 0))
      throw new SyntaxError('its stack is empty');
    return this.#stack.pop();
  }

  top(): unknown {
    const value = this.pop();
    this.push(value);
    return value;
  }

  mark(): void {
    this.#marks.push(this.#stack.length);
  }

  /** Pops everything above the last mark, and the mark. */
  popMark(): unknown[] {
    const start = this.#marks.pop();
    if (start === undefined) throw new SyntaxError('its stack has no mark');
    return this.#stack.splice(start);
  }

  /** Replaces the top `count` values by a tuple of them. */
  tuple(count: number): void {
    this.spend(LIST_COST);
    const values = Array.from({ length: count }, () => this.pop());
    this.push(values.reverse());
  }

  put(index: number): void {
    this.spend(MEMO_COST);
    this.memo.set(index, this.top());
  }

  get(index: number): void {
    if (!this.memo.has(index)) throw new SyntaxError(`its memo has no ${index}`);
    this.push(this.memo.get(index));
  }

  /** A list, a tuple of any length, or the items of a set. */
  pushList(values: unknown[]): void {
    this.spend(LIST_COST);
    this.push(values);
  }

  pushDict(): void {
    this.spend(OBJECT_COST);
    this.push(new Map());
  }

  append(values: readonly unknown[]): void {
    this.spend(GROWTH_COST);
    const list = this.top();
    if (!Array.isArray(list)) throw new SyntaxError('it appends to what is no list');
    for (const value of values) list.push(value);
  }

  setItems(values: readonly unknown[]): void {
    const dict = this.top();
    if (!(dict instanceof Map)) throw new SyntaxError('it sets items of what is no dict');
    if (values.length % 2 !== 0) throw new SyntaxError('a key of a dict has no value');
    for (let i = 0; i < values.length; i += 2) {
      const key = values[i];
      if (typeof key !== 'string' && typeof key !== 'number') {
        throw new SyntaxError('a key of a dict is neither text nor a number');
      }
      if (dict.has(key)) throw new SyntaxError(`key ${quote(String(key))} stands twice`);
      dict.set(key, values[i + 1]);
    }
  }

  global(module: unknown, name: unknown): void {
    this.spend(OBJECT_COST);
    if (typeof module !== 'string' || typeof name !== 'string') {
      throw new SyntaxError("a global's name is no text");
    }
    this.push(this.host.global(`${module}.${name}`));
  }

  persistent(): void {
    this.spend(OBJECT_COST);
    this.push(this.host.persistent(this.pop()));
  }

  reduce(): void {
    this.spend(OBJECT_COST);
    const args = this.pop();
    if (!Array.isArray(args)) throw new SyntaxError('it calls with what is no tuple');
    this.push(this.host.call(this.pop(), args));
  }

  /** Drops a dict's state: `state_dict` keeps version numbers there, which are not used. */
  build(): void {
    this.pop();
    if (!(this.top() instanceof Map)) throw new SyntaxError('it sets the state of what is no dict');
  }
}

/** The opcodes that are run: argument and effect. */
const OPS = new Map<number, { argument: Argument; run: Run }>([
  ...op('\x80', 1, (_, bytes) => checkProtocol(bytes[0]!)), // PROTO
  ...op('\x95', 8, () => {}), // FRAME
  ...op('(', 0, (m) => m.mark()), // MARK
  ...op('N', 0, (m) => m.push(null)), // NONE
  ...op('\x88', 0, (m) => m.push(true)), // NEWTRUE
  ...op('\x89', 0, (m) => m.push(false)), // NEWFALSE
  ...op('K', 1, (m, bytes) => m.push(unsigned(bytes))), // BININT1
  ...op('M', 2, (m, bytes) => m.push(unsigned(bytes))), // BININT2
  ...op('J', 4, (m, bytes) => m.push(Number(signed(bytes)))), // BININT
  ...op('\x8a', 'counted1', (m, bytes) => m.push(shortest(signed(bytes)))), // LONG1
  ...op('G', 8, (m, bytes) => m.push(new DataView(bytes.slice().buffer).getFloat64(0))), // BINFLOAT
  ...op('X', 'counted4', (m, bytes) => m.push(text(bytes))), // BINUNICODE
  ...op('\x8c', 'counted1', (m, bytes) => m.push(text(bytes))), // SHORT_BINUNICODE
  ...op('T', 'counted4', (m, bytes) => m.push(text(bytes))), // BINSTRING (Python 2)
  ...op('U', 'counted1', (m, bytes) => m.push(text(bytes))), // SHORT_BINSTRING (Python 2)
  ...op('B', 'counted4', (m) => m.push(null)), // BINBYTES: no weights, so not kept
  ...op('C', 'counted1', (m) => m.push(null)), // SHORT_BINBYTES
  ...op(')', 0, (m) => m.pushList([])), // EMPTY_TUPLE
  ...op('\x85', 0, (m) => m.tuple(1)), // TUPLE1
  ...op('\x86', 0, (m) => m.tuple(2)), // TUPLE2
  ...op('\x87', 0, (m) => m.tuple(3)), // TUPLE3
  ...op('t', 0, (m) => m.pushList(m.popMark())), // TUPLE
  ...op(']', 0, (m) => m.pushList([])), // EMPTY_LIST
  ...op('\x8f', 0, (m) => m.pushList([])), // EMPTY_SET: a list of its items
  ...op('a', 0, (m) => m.append([m.pop()])), // APPEND
  ...op('e', 0, (m) => m.append(m.popMark())), // APPENDS
  ...op('\x90', 0, (m) => m.append(m.popMark())), // ADDITEMS
  ...op('}', 0, (m) => m.pushDict()), // EMPTY_DICT
  ...op('s', 0, (m) => m.setItems([m.pop(), m.pop()].reverse())), // SETITEM
  ...op('u', 0, (m) => m.setItems(m.popMark())), // SETITEMS
  ...op('q', 1, (m, bytes) => m.put(unsigned(bytes))), // BINPUT
  ...op('r', 4, (m, bytes) => m.put(unsigned(bytes))), // LONG_BINPUT
  ...op('\x94', 0, (m) => m.put(m.memo.size)), // MEMOIZE
  ...op('h', 1, (m, bytes) => m.get(unsigned(bytes))), // BINGET
  ...op('j', 4, (m, bytes) => m.get(unsigned(bytes))), // LONG_BINGET
  ...op('c', 'lines', (m, bytes) => {
    const [module, name] = text(bytes).split('\n');
    m.global(module, name);
  }), // GLOBAL
  ...op('\x93', 0, (m) => {
    const name = m.pop();
    m.global(m.pop(), name);
  }), // STACK_GLOBAL
  ...op('Q', 0, (m) => m.persistent()), // BINPERSID
  ...op('R', 0, (m) => m.reduce()), // REDUCE
  ...op('b', 0, (m) => m.build()), // BUILD
]);

/** Names of the opcodes that are not run. */
// biome-ignore format: a table
const REFUSED: Readonly<Record<string, string>> = {
  '0': 'POP', '1': 'POP_MARK', '2': 'DUP', F: 'FLOAT', I: 'INT', L: 'LONG', P: 'PERSID',
  S: 'STRING', V: 'UNICODE', d: 'DICT', g: 'GET', i: 'INST', l: 'LIST', o: 'OBJ', p: 'PUT',
  '\x81': 'NEWOBJ', '\x82': 'EXT1', '\x83': 'EXT2',
  '\x84': 'EXT4', '\x8b': 'LONG4', '\x8d': 'BINUNICODE8', '\x8e': 'BINBYTES8',
  '\x91': 'FROZENSET', '\x92': 'NEWOBJ_EX',
  '\x96': 'BYTEARRAY8', '\x97': 'NEXT_BUFFER', '\x98': 'READONLY_BUFFER',
};

/** A refused opcode in an error message. */
function refusedName(code: number): string {
  const char = String.fromCharCode(code);
  const hex = `0x${code.toString(16).padStart(2, '0')}`;
  return Object.hasOwn(REFUSED, char) ? `${REFUSED[char]} (${hex})` : hex;
}

function op(
  code: string,
  argument: Argument,
  run: Run,
): [number, { argument: Argument; run: Run }][] {
  return [[code.charCodeAt(0), { argument, run }]];
}

function checkProtocol(protocol: number): void {
  if (protocol < 2 || protocol > 5) {
    throw new SyntaxError(`it is of protocol ${protocol}, expected 2 to 5`);
  }
}

/** An unsigned integer, little-endian. */
function unsigned(bytes: Uint8Array): number {
  return bytes.reduceRight((value, byte) => value * 256 + byte, 0);
}

/** A two's-complement integer of any length, little-endian. */
function signed(bytes: Uint8Array): bigint {
  if (bytes.length === 0) return 0n;
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0'));
  return BigInt.asIntN(8 * bytes.length, BigInt(`0x${digits.reverse().join('')}`));
}

/** As a number where that is exact. */
function shortest(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Texts up to this length are names and numbers: a call of the decoder for each takes longer. */
const SHORT_TEXT = 24;

function text(bytes: Uint8Array): string {
  if (bytes.length <= SHORT_TEXT && bytes.every((byte) => byte < 0x80)) {
    return String.fromCharCode(...bytes);
  }
  try {
    return UTF8.decode(bytes);
  } catch {
    throw new SyntaxError('a text is not UTF-8');
  }
}
