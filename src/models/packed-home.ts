/**
 * One home of a q8 model as a converted file has it: numbers of eight and sixteen bits as they lie in linear
 * memory, f32 without the lower bits that are zero (docs/memory.md). In: an address. Out: bytes, both ways.
 */

import type { Engine, HomeAddress } from '../engine/engine.ts';
import type { Home } from './load/packed-file.ts';
import { keptIn } from './panels.ts';

/** What a file has of an f32: `bytes` bytes of its bits from `shift` on. The others are zero. */
interface Form {
  readonly bytes: number;
  readonly shift: number;
}

/** A stretch of a home: f32 in a form, or bytes as they are. */
interface Run {
  /** Where it lies in memory. */
  readonly from: number;
  readonly end: number;
  readonly form: Form | undefined;
  /** Where a file has it, and how many bytes. */
  readonly at: number;
  readonly length: number;
}

/** Biases, norms, classifiers. */
const UPPER_24: Form = { bytes: 3, shift: 8 };
/** Scales. */
const UPPER_16: Form = { bytes: 2, shift: 16 };
/** Input factors, which are powers of two. */
const EXPONENT: Form = { bytes: 1, shift: 23 };

/** Columns of a panel, and bytes of as many f32. */
const NR = 8;
const ROW = 4 * NR;

/** A home of a q8 model; of a linear layer with `outputs` outputs. */
export function packedHome(engine: Engine, address: HomeAddress, outputs: number): Home {
  const runs = runsOf(address, engine.home(address).length, outputs);
  const { at, length } = runs.at(-1)!;
  return {
    length: at + length,
    read: () => read(engine.home(address), runs, new Uint8Array(at + length)),
    write: (first, bytes) => write(engine.home(address), runs, first, bytes),
  };
}

function runsOf({ slot, home }: HomeAddress, end: number, outputs: number): Run[] {
  const runs: Run[] = [];
  let at = 0;
  const add = (from: number, to: number, form?: Form) => {
    const length = form ? ((to - from) / 4) * form.bytes : to - from;
    runs.push({ from, end: to, form, at, length });
    at += length;
  };
  if (slot.endsWith('Embeddings')) add(0, end);
  else if (slot.endsWith('Norm')) add(0, end, UPPER_24);
  else if (home === 'Scales') add(0, end, slot === 'LmDense' ? UPPER_16 : EXPONENT);
  else {
    const kind = keptIn(slot, 'q8');
    const panel = end / Math.ceil(outputs / NR);
    const forms = kind === 'q8' ? [UPPER_24, UPPER_16] : [UPPER_24];
    if (kind === 'fp32') while (ROW * forms.length < panel) forms.push(UPPER_24);
    for (let p = 0; p * panel < end; p++) {
      let from = p * panel;
      // Columns that only fill up the last panel are left out: of two labels, six of eight.
      const width = 4 * Math.min(NR, outputs - p * NR);
      for (const form of forms) {
        add(from, from + width, form);
        from += ROW;
      }
      add(from, (p + 1) * panel);
    }
  }
  return runs;
}

function read(
  memory: Uint8Array<ArrayBuffer>,
  runs: readonly Run[],
  bytes: Uint8Array,
): Uint8Array {
  const words = wordsOf(memory);
  for (const { from, end, form, at, length } of runs) {
    if (!form) bytes.set(memory.subarray(from, end), at);
    else {
      for (let i = 0; i < length; i++) {
        const word = words[from / 4 + Math.floor(i / form.bytes)]!;
        bytes[at + i] = word >>> (form.shift + 8 * (i % form.bytes));
      }
    }
  }
  return bytes;
}

/** Bytes come in any split: in the middle of a word as well. */
function write(
  memory: Uint8Array<ArrayBuffer>,
  runs: readonly Run[],
  first: number,
  bytes: Uint8Array,
): void {
  const words = wordsOf(memory);
  for (const { from, form, at, length } of runs) {
    const start = Math.max(at, first);
    if (start >= Math.min(at + length, first + bytes.length)) continue;
    const some = bytes.subarray(start - first, at + length - first);
    if (form) writeWords(words, from / 4, form, start - at, some);
    else memory.set(some, from + start - at);
  }
}

/** Bytes `first` .. of words in a form. */
function writeWords(
  words: Uint32Array,
  from: number,
  { bytes: width, shift }: Form,
  first: number,
  bytes: Uint8Array,
): void {
  for (let i = 0; i < bytes.length; i++) {
    const at = from + Math.floor((first + i) / width);
    const place = (first + i) % width;
    words[at] = (place > 0 ? words[at]! : 0) | (bytes[i]! << (shift + 8 * place));
  }
}

/** Whole words alone are meant: bytes of a table may end within one. */
function wordsOf({ buffer, byteOffset, byteLength }: Uint8Array<ArrayBuffer>): Uint32Array {
  return new Uint32Array(buffer, byteOffset, byteLength >> 2);
}
