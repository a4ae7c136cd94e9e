/**
 * One stretch of a q8 model's packed bytes as a converted file has it: numbers of eight and sixteen
 * bits as they lie in linear memory, f32 without the lower bits that are zero (docs/memory.md).
 */

import type { Engine, SlotStorage } from '../engine.ts';
import { NR } from './panels.ts';

/** Counts up whenever the bytes below change their meaning. */
export const PACKING = 'mobilebert-wasm/q8-nr8/4';

/** The same, with weights that are kept in f32 besides: versions before would pass them over. */
export const PACKING_WITH_OUTLIERS = 'mobilebert-wasm/q8-nr8/5';

/** Packed bytes that a file takes and gives. */
export interface PackedBytes {
  readonly length: number;
  /** All of them, valid until the next call. */
  read(): Uint8Array;
  /** Takes bytes from `first` on, in any split. */
  write(first: number, bytes: Uint8Array): void;
}

/**
 * Which part of an f32 a file has: `bytes` bytes of its bits from `shift` on. The others are zero.
 */
interface Form {
  readonly bytes: number;
  readonly shift: number;
}

/** A run of f32 in a form, or of bytes as they are. */
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

/** Bytes of a panel's row of f32. */
const ROW = 4 * NR;

/** Of a q8 model; `outputs` are those of a linear layer. */
export function packedBytes(engine: Engine, at: SlotStorage, outputs: number): PackedBytes {
  const runs = runsOf(engine, at, outputs);
  const last = runs.at(-1)!;
  const length = last.at + last.length;
  return {
    length,
    read: () => engine.openWeights(() => read(engine.storage(at), runs, new Uint8Array(length))),
    write: (first, bytes) =>
      engine.openWeights(() => write(engine.storage(at), runs, first, bytes)),
  };
}

/**
 * Bytes as they lie in memory, from one model of the same dimensions and weight type to another.
 */
export function rawBytes(engine: Engine, at: SlotStorage): PackedBytes {
  return {
    length: engine.extent(at).bytes,
    read: () => engine.openWeights(() => engine.storage(at).slice()),
    write: (first, bytes) => engine.openWeights(() => engine.storage(at).set(bytes, first)),
  };
}

function runsOf(engine: Engine, { slot, storage, ...index }: SlotStorage, outputs: number): Run[] {
  const end = engine.extent({ slot, storage, ...index }).bytes;
  const runs: Run[] = [];
  let at = 0;
  const add = (from: number, to: number, form?: Form) => {
    const length = form ? ((to - from) / 4) * form.bytes : to - from;
    runs.push({ from, end: to, form, at, length });
    at += length;
  };
  if (slot.endsWith('Embeddings')) add(0, end);
  else if (slot.endsWith('Norm')) add(0, end, UPPER_24);
  else if (storage === 'Scales') add(0, end, slot === 'LmDense' ? UPPER_16 : EXPONENT);
  else {
    const type = engine.weightType({ slot, ...index });
    const panel = end / Math.ceil(outputs / NR);
    const forms = type === 'Q8' ? [UPPER_24, UPPER_16] : [UPPER_24];
    if (type === 'F32') while (ROW * forms.length < panel) forms.push(UPPER_24);
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
  const u32s = u32sOf(memory);
  for (const { from, end, form, at, length } of runs) {
    if (!form) bytes.set(memory.subarray(from, end), at);
    else {
      for (let i = 0; i < length; i++) {
        const bits = u32s[from / 4 + Math.floor(i / form.bytes)]!;
        bytes[at + i] = bits >>> (form.shift + 8 * (i % form.bytes));
      }
    }
  }
  return bytes;
}

/** A split may lie in the middle of an f32. */
function write(
  memory: Uint8Array<ArrayBuffer>,
  runs: readonly Run[],
  first: number,
  bytes: Uint8Array,
): void {
  const u32s = u32sOf(memory);
  for (const { from, form, at, length } of runs) {
    const start = Math.max(at, first);
    if (start >= Math.min(at + length, first + bytes.length)) continue;
    const some = bytes.subarray(start - first, at + length - first);
    if (form) writeFloats(u32s, from / 4, form, start - at, some);
    else memory.set(some, from + start - at);
  }
}

/** Bytes `first` .. of f32 in a form. */
function writeFloats(
  u32s: Uint32Array,
  from: number,
  { bytes: width, shift }: Form,
  first: number,
  bytes: Uint8Array,
): void {
  for (let i = 0; i < bytes.length; i++) {
    const at = from + Math.floor((first + i) / width);
    const place = (first + i) % width;
    u32s[at] = (place > 0 ? u32s[at]! : 0) | (bytes[i]! << (shift + 8 * place));
  }
}

/** Only whole f32 are read so; the bytes of a table may end within four bytes. */
function u32sOf({ buffer, byteOffset, byteLength }: Uint8Array<ArrayBuffer>): Uint32Array {
  return new Uint32Array(buffer, byteOffset, byteLength >> 2);
}
