/**
 * unpickle(): the part of Python's pickle machine that PyTorch's checkpoints use. It makes numbers,
 * texts, lists, dicts and what a host makes of a closed list of globals; it never calls anything
 * else. Opcodes are those of CPython's pickletools.py; every other one is refused by its name.
 */

import type { ByteReader } from '../byte-reader.ts';
import { fail, quote } from '../tensor-info.ts';
import { refusedName } from './pickle-names.ts';

/** What a pickle may name. All three throw SyntaxError for what they do not know. */
export interface PickleHost {
  /** The value of a global, `module.name`. */
  global(name: string): unknown;
  /** What calling a global gives. */
  call(callable: unknown, args: readonly unknown[]): unknown;
  /** The object that a persistent id names. */
  persistent(id: unknown): unknown;
}

/** Longer than that of any model here; values take a multiple of the bytes that make them. */
const MAX_PICKLE_BYTES = 2 ** 22;

const MAX_LINE_BYTES = 256;

/**
 * Reads one pickle and no byte more: it says itself where it ends.
 *
 * @throws WeightsError for anything that is not in the language above
 */
export async function readPickle(
  reader: ByteReader,
  host: PickleHost,
  file: string,
): Promise<unknown> {
  const start = reader.position;
  const machine = unpickle(host);
  try {
    let step = machine.next();
    while (!step.done) {
      const count = step.value;
      if (reader.position - start + count > MAX_PICKLE_BYTES) {
        throw new SyntaxError(`it has more than ${MAX_PICKLE_BYTES} bytes`);
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

/** The machine: yields how many bytes it needs next, is given them, returns the pickled value. */
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
      if (bytes.length > MAX_LINE_BYTES) throw new SyntaxError('a global has an endless name');
    }
    return Uint8Array.from(bytes);
  }
  const length = unsigned(yield kind === 'counted1' ? 1 : 4);
  return length === 0 ? NOTHING : yield length;
}

const STOP = 0x2e;
const NEWLINE = 0x0a;
const NOTHING = new Uint8Array();

/** Bytes behind an opcode: so many, as many as a count of 1 or 4 bytes says, or two lines. */
type Argument = number | 'counted1' | 'counted4' | 'lines';
type Run = (machine: Machine, argument: Uint8Array) => void;

/** Stack, marks and memo, and the few things that more than one opcode does. */
class Machine {
  readonly host: PickleHost;
  readonly memo = new Map<number, unknown>();
  readonly #stack: unknown[] = [];
  readonly #marks: number[] = [];

  constructor(host: PickleHost) {
    this.host = host;
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

  /** Everything above the last mark, which goes with it. */
  popMark(): unknown[] {
    const start = this.#marks.pop();
    if (start === undefined) throw new SyntaxError('its stack has no mark');
    return this.#stack.splice(start);
  }

  /** The last `count` values as a tuple. */
  tuple(count: number): void {
    const values = Array.from({ length: count }, () => this.pop());
    this.push(values.reverse());
  }

  put(index: number): void {
    this.memo.set(index, this.top());
  }

  get(index: number): void {
    if (!this.memo.has(index)) throw new SyntaxError(`its memo has no ${index}`);
    this.push(this.memo.get(index));
  }

  append(values: readonly unknown[]): void {
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
    if (typeof module !== 'string' || typeof name !== 'string') {
      throw new SyntaxError("a global's name is no text");
    }
    this.push(this.host.global(`${module}.${name}`));
  }

  reduce(): void {
    const args = this.pop();
    if (!Array.isArray(args)) throw new SyntaxError('it calls with what is no tuple');
    this.push(this.host.call(this.pop(), args));
  }

  /** State of an OrderedDict is what `state_dict` notes of versions: nothing of it is used. */
  build(): void {
    this.pop();
    if (!(this.top() instanceof Map)) throw new SyntaxError('it sets the state of what is no dict');
  }
}

/** The whole language: opcode -> the bytes behind it, and what it does. */
const OPS = new Map<number, { argument: Argument; run: Run }>([
  ...op('\x80', 1, (_, bytes) => checkProtocol(bytes[0]!)), // PROTO
  ...op('\x95', 8, () => {}), // FRAME
  ...op('(', 0, (m) => m.mark()), // MARK
  ...op('N', 0, (m) => m.push(null)), // NONE
  ...op('\x88', 0, (m) => m.push(true)), // NEWTRUE
  ...op('\x89', 0, (m) => m.push(false)), // NEWFALSE
  ...op('K', 1, (m, bytes) => m.push(unsigned(bytes))), // BININT1
  ...op('M', 2, (m, bytes) => m.push(unsigned(bytes))), // BININT2
  ...op('J', 4, (m, bytes) => m.push(Number(integer(bytes)))), // BININT
  ...op('\x8a', 'counted1', (m, bytes) => m.push(shortest(integer(bytes)))), // LONG1
  ...op('G', 8, (m, bytes) => m.push(new DataView(bytes.slice().buffer).getFloat64(0))), // BINFLOAT
  ...op('X', 'counted4', (m, bytes) => m.push(text(bytes))), // BINUNICODE
  ...op('\x8c', 'counted1', (m, bytes) => m.push(text(bytes))), // SHORT_BINUNICODE
  ...op('T', 'counted4', (m, bytes) => m.push(text(bytes))), // BINSTRING, of Python 2
  ...op('U', 'counted1', (m, bytes) => m.push(text(bytes))), // SHORT_BINSTRING, of Python 2
  ...op(')', 0, (m) => m.push([])), // EMPTY_TUPLE
  ...op('\x85', 0, (m) => m.tuple(1)), // TUPLE1
  ...op('\x86', 0, (m) => m.tuple(2)), // TUPLE2
  ...op('\x87', 0, (m) => m.tuple(3)), // TUPLE3
  ...op('t', 0, (m) => m.push(m.popMark())), // TUPLE
  ...op(']', 0, (m) => m.push([])), // EMPTY_LIST
  ...op('a', 0, (m) => m.append([m.pop()])), // APPEND
  ...op('e', 0, (m) => m.append(m.popMark())), // APPENDS
  ...op('}', 0, (m) => m.push(new Map())), // EMPTY_DICT
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
  ...op('Q', 0, (m) => m.push(m.host.persistent(m.pop()))), // BINPERSID
  ...op('R', 0, (m) => m.reduce()), // REDUCE
  ...op('b', 0, (m) => m.build()), // BUILD
]);

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

function unsigned(bytes: Uint8Array): number {
  return bytes.reduceRight((value, byte) => value * 256 + byte, 0);
}

/** Two's complement, little-endian, of any length. */
function integer(bytes: Uint8Array): bigint {
  const value = bytes.reduceRight((high, byte) => high * 256n + BigInt(byte), 0n);
  return BigInt.asIntN(8 * bytes.length, value);
}

function shortest(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function text(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new SyntaxError('a text is not UTF-8');
  }
}
