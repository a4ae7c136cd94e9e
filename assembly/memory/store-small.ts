/**
 * f32 rows to small weights: half-precision panels, and 8-bit panels with a scale per column. An 8-bit
 * matrix is collected first, for its columns are equalised (docs/accuracy.md): factors of the inputs
 * come of all its rows. What is too large for that, the masked-LM decoder, is taken row by row.
 */
import { Kind, Status } from '../abi';
import { bf16FromF32, f16FromF32 } from '../kernels/f32-convert';
import { f32ColumnRanges } from '../kernels/f32-column-ranges';
import { f32QuantizeRow, f32RoundRow } from '../kernels/f32-quantize-row';
import { f32Multiply } from '../kernels/f32-rows';
import { q8Weight } from '../kernels/q8-panel';
import { Linear, Table, f32s, rowBytes, weightPanelBytes } from './layout';
import { unready } from './ready';

/** Largest 8-bit weight: -128 is not used. */
const LIMIT: i32 = 127;
/** Columns are multiplied by 2^60 at most. */
const LARGEST_POWER: f32 = 1152921504606846976;
/** Turns of equalising: one where outlying columns are small, more where they are large. */
const TURNS: i32 = 3;

/** Room for one matrix in f32, one row of i16 and two of f32. */
let matrix: usize = 0;
let words: usize = 0;
let powers: usize = 0;
let ranges: usize = 0;
/** The layer whose rows are being collected, and how many are there. */
let collecting: usize = 0;
let collected: i32 = 0;

export function openCollection(
  matrixAddress: usize,
  wordsAddress: usize,
  powersAddress: usize,
  rangesAddress: usize,
): void {
  matrix = matrixAddress;
  words = wordsAddress;
  powers = powersAddress;
  ranges = rangesAddress;
}

/** Rows `first` .. of a table from `from`. */
export function storeSmallTable(t: Table, from: usize, first: i32, rows: i32): Status {
  const element = <usize>first * <usize>t.columns;
  if (t.kind != Kind.Q8) {
    return halve(t.data + (element << 1), from, rows * t.columns, t.kind)
      ? Status.Ok
      : Status.TooLarge;
  }
  let to = t.data + element;
  for (let i = 0; i < rows; i++) {
    const scale = reinterpret<u32>(quantize(from, t.columns));
    store<u16>(t.scales + ((<usize>(first + i)) << 1), <u16>(scale >> 16));
    for (let k: usize = 0; k < <usize>t.columns; k++) store<u8>(to + k, load<u8>(words + (k << 1)));
    to += <usize>t.columns;
    from += f32s(t.columns);
  }
  return Status.Ok;
}

/** Rows `first` .. of a weight [N,K] from `from`, `depth` of its K. 8-bit rows come in their order. */
export function storeSmallRows(l: Linear, from: usize, first: i32, rows: i32, depth: i32): Status {
  if (l.kind != Kind.Q8) return packHalves(l, from, first, rows, depth);
  if (!l.factors) {
    for (let i = 0; i < rows; i++) packWords(l, first + i, from + <usize>i * f32s(depth));
    return Status.Ok;
  }
  if (first == 0) {
    collecting = changetype<usize>(l);
    collected = 0;
  }
  if (collecting != changetype<usize>(l) || first != collected) return Status.OutOfRange;
  const bytes = rowBytes(depth);
  for (let n = first; n < first + rows; n++, from += f32s(depth)) {
    memory.copy(matrix + <usize>n * bytes, from, f32s(depth));
    memory.fill(matrix + <usize>n * bytes + f32s(depth), 0, bytes - f32s(depth));
  }
  collected += rows;
  if (collected < l.outputs) return Status.Ok;
  equalise(l);
  share(l);
  for (let n = 0; n < l.outputs; n++) {
    const row = matrix + <usize>n * bytes;
    f32Multiply(row, row, powers, l.inputs);
    packWords(l, n, row);
  }
  return Status.Ok;
}

/** Rows `first` .. of a matrix [K,N] that are depths; an 8-bit one has a scale per depth, in factors. */
export function storeSmallDepths(l: Linear, depth: i32, from: usize, rows: i32): Status {
  const N = l.outputs;
  unready(l);
  for (let i = 0; i < rows; i++, depth++, from += f32s(N)) {
    if (l.kind == Kind.F16) {
      if (!f16FromF32(words, from, N)) return Status.TooLarge;
    } else {
      store<f32>(l.factors + f32s(depth), quantize(from, N));
    }
    for (let n = 0; n < N; n++) {
      const panel = l.panels + <usize>(n >> 3) * weightPanelBytes(l.kind, l.inputs);
      const lane = <usize>(n & 7);
      const word = load<u16>(words + ((<usize>n) << 1));
      if (l.kind == Kind.F16) {
        store<u16>(panel + 32 + ((<usize>depth) << 4) + (lane << 1), word);
      } else {
        store<f32>(panel + 32 + (lane << 2), 1);
        store<u8>(q8Weight(panel, depth, n & 7), <u8>word);
      }
    }
  }
  return Status.Ok;
}

/**
 * x [count] to `words`; returns the scale that takes them back: of a bfloat16's bits, rounded up, so that no
 * number is past the limit.
 */
function quantize(x: usize, count: i32): f32 {
  const exact = reinterpret<u32>(f32QuantizeRow(words, x, 0, count, LIMIT));
  const scale = reinterpret<f32>((exact + 0xffff) & 0xffff0000);
  if (scale > 0) f32RoundRow(words, x, count, 1 / scale);
  return scale;
}

/** One row of K into column `n`. */
function packWords(l: Linear, n: i32, row: usize): void {
  const lane = <usize>(n & 7);
  const panel = l.panels + <usize>(n >> 3) * weightPanelBytes(Kind.Q8, l.inputs);
  store<f32>(panel + 32 + (lane << 2), quantize(row, l.inputs));
  for (let k = 0; k < l.inputs; k++) {
    store<u8>(q8Weight(panel, k, n & 7), load<u8>(words + ((<usize>k) << 1)));
  }
}

/** f32 to 16 bits; whether every number fits. */
function halve(to: usize, from: usize, count: i32, kind: Kind): bool {
  if (kind == Kind.F16) return f16FromF32(to, from, count);
  bf16FromF32(to, from, count);
  return true;
}

function packHalves(l: Linear, from: usize, first: i32, rows: i32, depth: i32): Status {
  const bytes = weightPanelBytes(l.kind, l.inputs);
  for (let n = first; n < first + rows; n++, from += f32s(depth)) {
    if (!halve(words, from, depth, l.kind)) return Status.TooLarge;
    const to = l.panels + <usize>(n >> 3) * bytes + 32 + ((<usize>(n & 7)) << 1);
    for (let k: usize = 0; k < <usize>depth; k++) {
      store<u16>(to + (k << 4), load<u16>(words + (k << 1)));
    }
  }
  return Status.Ok;
}

/**
 * The powers of the collected matrix: column k is to be multiplied by 2^e and input k by 2^-e, so that
 * every column uses as much of its rows' ranges. Powers of two change no digit.
 */
function equalise(l: Linear): void {
  const K = l.inputs;
  const bytes = rowBytes(K);
  memory.fill(powers, 0, bytes);
  for (let k = 0; k < K; k++) store<f32>(powers + f32s(k), 1);
  for (let turn = 0; turn < TURNS; turn++) {
    memory.fill(ranges, 0, bytes);
    for (let n = 0; n < l.outputs; n++) {
      f32ColumnRanges(ranges, matrix + <usize>n * bytes, powers, K);
    }
    for (let k = 0; k < K; k++) {
      const power = powers + f32s(k);
      const next = load<f32>(power) * powerOfTwo(exponentOf(load<f32>(ranges + f32s(k))));
      store<f32>(power, min(next, LARGEST_POWER));
    }
  }
}

/**
 * Powers to factors. Of layers that share them each column takes the least power, whichever layer comes
 * first: what has been packed with a larger one shrinks.
 */
function share(l: Linear): void {
  for (let k = 0; k < l.inputs; k++) {
    const at = l.factors + f32s(k);
    const other = l.next ? load<f32>(at) : 0; // 0: no layer has come yet
    const factor = max<f32>(<f32>1 / load<f32>(powers + f32s(k)), other);
    store<f32>(powers + f32s(k), <f32>1 / factor);
    store<f32>(at, factor);
    if (other == 0 || other == factor) continue;
    for (let peer = l.next!; peer != l; peer = peer.next!) shrink(peer, k, other / factor);
  }
}

/** Weights that read input k, rounded to `by` of what they are. */
function shrink(l: Linear, k: i32, by: f32): void {
  unready(l);
  for (let n = 0; n < l.outputs; n++) {
    const panel = l.panels + <usize>(n >> 3) * weightPanelBytes(Kind.Q8, l.inputs);
    const at = q8Weight(panel, k, n & 7);
    store<i8>(at, <i8>nearest(<f32>load<i8>(at) * by));
  }
}

/** The e >= 0 that brings 0 < x <= 1 nearest to 1 in proportion; 0 where x is 0. */
function exponentOf(x: f32): i32 {
  if (!(x > 0)) return 0;
  let e = 0;
  // 1.41421356: halfway from 1 to 2 in proportion.
  while (e < 40 && x * 1.4142135 < 1) {
    x *= 2;
    e++;
  }
  return e;
}

function powerOfTwo(e: i32): f32 {
  return reinterpret<f32>((127 + e) << 23);
}
