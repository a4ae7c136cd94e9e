/**
 * f32 rows to panels and tables of 16 or 8 bits. An 8-bit matrix is collected first, because its
 * columns are equalised (docs/accuracy.md): factors of the inputs are made of all its rows. The
 * masked-LM decoder is too large for that and is taken row by row.
 */
import { Status, WeightType } from '../abi';
import { bf16FromF32, f16FromF32 } from '../kernels/convert';
import { q8Weight } from '../kernels/panels-int';
import { f32ColumnRanges, f32QuantizeRow, f32RoundRow } from '../kernels/quantize';
import { f32Multiply } from '../kernels/rows';
import { FLOATS } from '../simd/build';
import { f32s, i16s, NR, rowBytes } from '../simd/units';
import { Linear, Pass, Staging, Table, panelOf } from './layout';

/** Largest 8-bit weight: -128 is not used. */
const LIMIT: i32 = 127;
/**
 * The mean size of a row's integers, but for the largest, below which its scale is too coarse. Rounding moves the others
 * by more than 4 % then; of even numbers the mean is 64, of normal ones 30.
 */
const COARSE: i32 = 8;
/** Columns are multiplied by 2^60 at most. */
const LARGEST_POWER: f32 = 1152921504606846976;
/** Rounds of equalising: one where outlying columns are small, more where they are large. */
const ROUNDS: i32 = 3;

/** Rows `first` .. of a table from `from`. `Coarse` where some row has outliers. */
export function storeQuantizedTable(
  pass: Pass,
  t: Table,
  from: usize,
  first: i32,
  rows: i32,
): Status {
  const s = pass.staging;
  const element = <usize>first * <usize>t.columns;
  if (t.weightType != WeightType.Q8) {
    const fits = halve(t.data + (element << 1), from, rows * t.columns, t.weightType);
    return fits ? Status.Ok : Status.TooLarge;
  }
  let to = t.data + element;
  let isCoarse = false;
  for (let i = 0; i < rows; i++) {
    const scale = reinterpret<u32>(quantize(s, from, t.columns));
    store<u16>(t.scales + i16s(first + i), <u16>(scale >> 16));
    let sum = 0;
    for (let k: usize = 0; k < <usize>t.columns; k++) {
      const number = load<i16>(s.row + (k << 1));
      sum += abs(<i32>number);
      store<i8>(to + k, <i8>number);
    }
    if (sum > 0 && sum - LIMIT < COARSE * t.columns) isCoarse = true;
    to += <usize>t.columns;
    from += f32s(t.columns);
  }
  return isCoarse ? Status.Coarse : Status.Ok;
}

/**
 * Rows `first` .. of a weight [N,K] from `from`, `depth` of its K. 8-bit rows arrive in their
 * order.
 */
export function storeQuantizedRows(
  pass: Pass,
  l: Linear,
  from: usize,
  first: i32,
  rows: i32,
  depth: i32,
): Status {
  const s = pass.staging;
  if (l.weightType != WeightType.Q8) return packHalves(s, l, from, first, rows, depth);
  if (!l.factors) {
    for (let i = 0; i < rows; i++) packRow(s, l, first + i, from + <usize>i * f32s(depth));
    return Status.Ok;
  }
  if (first == 0) {
    s.collecting = l;
    s.collected = 0;
  }
  if (s.collecting != l || first != s.collected) return Status.OutOfRange;
  const bytes = rowBytes(depth);
  for (let n = first; n < first + rows; n++, from += f32s(depth)) {
    memory.copy(s.matrix + <usize>n * bytes, from, f32s(depth));
    memory.fill(s.matrix + <usize>n * bytes + f32s(depth), 0, bytes - f32s(depth));
  }
  s.collected += rows;
  if (s.collected < l.outputs) return Status.Ok;
  equalise(s, l);
  shareFactors(s, l);
  for (let n = 0; n < l.outputs; n++) {
    const row = s.matrix + <usize>n * bytes;
    f32Multiply(row, row, s.powers, l.inputs);
    packRow(s, l, n, row);
  }
  return Status.Ok;
}

/** Rows `depth` .. of a matrix [K,N]; an 8-bit one has a scale per depth, in factors. */
export function storeQuantizedDepths(
  pass: Pass,
  l: Linear,
  depth: i32,
  from: usize,
  rows: i32,
): Status {
  const s = pass.staging;
  const N = l.outputs;
  for (let i = 0; i < rows; i++, depth++, from += f32s(N)) {
    if (FLOATS && l.weightType == WeightType.F16) {
      if (!f16FromF32(s.row, from, N)) return Status.TooLarge;
    } else {
      store<f32>(l.factors + f32s(depth), quantize(s, from, N));
    }
    for (let n = 0; n < N; n++) {
      const panel = panelOf(l, n);
      const lane = n % NR;
      const number = load<u16>(s.row + i16s(n));
      if (FLOATS && l.weightType == WeightType.F16) {
        store<u16>(panel + 32 + i16s(depth * NR + lane), number);
      } else {
        store<f32>(panel + 32 + f32s(lane), 1);
        store<u8>(q8Weight(panel, depth, lane), <u8>number);
      }
    }
  }
  return Status.Ok;
}

/**
 * x [count] to i16 in `row`. Returns the scale that takes them back: a bf16 number, rounded up, so
 * that no integer is past the limit.
 */
function quantize(s: Staging, x: usize, count: i32): f32 {
  const exact = reinterpret<u32>(f32QuantizeRow(s.row, x, 0, count, LIMIT));
  const scale = reinterpret<f32>((exact + 0xffff) & 0xffff0000);
  if (scale > 0) f32RoundRow(s.row, x, count, 1 / scale);
  return scale;
}

/** One row of K into column `n`. */
function packRow(s: Staging, l: Linear, n: i32, row: usize): void {
  const lane = n % NR;
  const panel = panelOf(l, n);
  store<f32>(panel + 32 + f32s(lane), quantize(s, row, l.inputs));
  for (let k = 0; k < l.inputs; k++) {
    store<u8>(q8Weight(panel, k, lane), load<u8>(s.row + i16s(k)));
  }
}

/** f32 to 16 bits; whether every number fits. */
function halve(to: usize, from: usize, count: i32, type: WeightType): bool {
  if (FLOATS && type == WeightType.F16) return f16FromF32(to, from, count);
  bf16FromF32(to, from, count);
  return true;
}

function packHalves(s: Staging, l: Linear, from: usize, first: i32, rows: i32, depth: i32): Status {
  for (let n = first; n < first + rows; n++, from += f32s(depth)) {
    if (!halve(s.row, from, depth, l.weightType)) return Status.TooLarge;
    const to = panelOf(l, n) + 32 + i16s(n % NR);
    for (let k: usize = 0; k < <usize>depth; k++) {
      store<u16>(to + (k << 4), load<u16>(s.row + (k << 1)));
    }
  }
  return Status.Ok;
}

/**
 * The powers of the collected matrix: column k is to be multiplied by 2^e and input k by 2^-e, so
 * that every column uses as much of its rows' ranges. Powers of two change no digit.
 */
function equalise(s: Staging, l: Linear): void {
  const K = l.inputs;
  const bytes = rowBytes(K);
  memory.fill(s.powers, 0, bytes);
  for (let k = 0; k < K; k++) store<f32>(s.powers + f32s(k), 1);
  for (let round = 0; round < ROUNDS; round++) {
    memory.fill(s.ranges, 0, bytes);
    for (let n = 0; n < l.outputs; n++) {
      f32ColumnRanges(s.ranges, s.matrix + <usize>n * bytes, s.powers, K);
    }
    for (let k = 0; k < K; k++) {
      const power = s.powers + f32s(k);
      const next = load<f32>(power) * powerOfTwo(exponentOf(load<f32>(s.ranges + f32s(k))));
      store<f32>(power, min(next, LARGEST_POWER));
    }
  }
}

/**
 * Powers to factors. Of layers that share factors, each column takes the least power, whichever
 * layer is stored first: weights that were packed with a larger power shrink.
 */
function shareFactors(s: Staging, l: Linear): void {
  for (let k = 0; k < l.inputs; k++) {
    const at = l.factors + f32s(k);
    const other = l.sharesFactors ? load<f32>(at) : 0; // 0: no layer was stored yet
    const factor = max<f32>(<f32>1 / load<f32>(s.powers + f32s(k)), other);
    store<f32>(s.powers + f32s(k), <f32>1 / factor);
    store<f32>(at, factor);
    if (other == 0 || other == factor) continue;
    for (let peer = l.sharesFactors!; peer != l; peer = peer.sharesFactors!) {
      shrink(peer, k, other / factor);
    }
  }
}

/** Weights that read input k, times `by` and rounded again. */
function shrink(l: Linear, k: i32, by: f32): void {
  for (let n = 0; n < l.outputs; n++) {
    const at = q8Weight(panelOf(l, n), k, n % NR);
    store<i8>(at, <i8>nearest(<f32>load<i8>(at) * by));
  }
}

/** The e >= 0 for which 2^e x is nearest to 1 in proportion, of 0 < x <= 1; 0 where x is 0. */
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
