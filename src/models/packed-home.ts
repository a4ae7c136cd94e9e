/**
 * One home of a q8 model as a converted file has it: numbers of eight and sixteen bits as they lie in linear
 * memory, f32 without the lower bits that are zero (docs/memory.md). In: an address. Out: bytes, both ways.
 */

import type { Engine, HomeAddress } from '../engine/engine.ts';
import type { Home } from '../weights/packed.ts';
import { keptIn } from './panels.ts';

/** What a file has of an f32: `bytes` bytes of its bits from `shift` on. The others are zero. */
interface Form {
  readonly bytes: number;
  readonly shift: number;
}

/** A stretch of a home: f32 in a form, or bytes as they are. */
interface Run {
  readonly from: number;
  readonly end: number;
  readonly form?: Form;
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
  const length = runs.reduce((sum, run) => sum + bytesOf(run), 0);
  return {
    length,
    read: () => read(engine.home(address), runs, new Uint8Array(length)),
    write: (first, bytes) => write(engine.home(address), runs, first, bytes),
  };
}

function runsOf({ slot, home }: HomeAddress, end: number, outputs: number): Run[] {
  if (slot.endsWith('Embeddings')) return [{ from: 0, end }];
  if (slot.endsWith('Norm')) return [{ from: 0, end, form: UPPER_24 }];
  if (home === 'Scales') return [{ from: 0, end, form: slot === 'LmDense' ? UPPER_16 : EXPONENT }];
  const kind = keptIn(slot, 'q8');
  const panel = end / Math.ceil(outputs / NR);
  const forms = kind === 'q8' ? [UPPER_24, UPPER_16] : [UPPER_24];
  if (kind === 'fp32') while (ROW * forms.length < panel) forms.push(UPPER_24);
  const runs: Run[] = [];
  for (let p = 0; p * panel < end; p++) {
    let from = p * panel;
    // Columns that only fill up the last panel are left out: of two labels, six of eight.
    const width = 4 * Math.min(NR, outputs - p * NR);
    for (const form of forms) {
      runs.push({ from, end: from + width, form });
      from += ROW;
    }
    runs.push({ from, end: (p + 1) * panel });
  }
  return runs;
}

/** What a run takes in a file. */
function bytesOf({ from, end, form }: Run): number {
  return form ? ((end - from) / 4) * form.bytes : end - from;
}

function read(
  memory: Uint8Array<ArrayBuffer>,
  runs: readonly Run[],
  bytes: Uint8Array,
): Uint8Array {
  const words = wordsOf(memory);
  let at = 0;
  for (const run of runs) {
    const { from, end, form } = run;
    if (!form) bytes.set(memory.subarray(from, end), at);
    for (let i = 0, length = form ? bytesOf(run) : 0; i < length; i++) {
      const { bytes: width, shift } = form!;
      bytes[at + i] = words[from / 4 + Math.floor(i / width)]! >>> (shift + 8 * (i % width));
    }
    at += bytesOf(run);
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
  let at = -first; // of the run's first byte in `bytes`
  for (const run of runs) {
    const length = bytesOf(run);
    const [start, end] = [Math.max(at, 0), Math.min(at + length, bytes.length)];
    if (start < end) {
      const { from, form } = run;
      const some = bytes.subarray(start, end);
      if (form) writeWords(words, from / 4, form, start - at, some);
      else memory.set(some, from + start - at);
    }
    at += length;
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
