/**
 * Rows of a checkpoint's tensor to their slot. They lie in the staging buffer as the file has them,
 * are widened to f32, and packed where the slot asks for panels. In an f32 model nothing is folded
 * or scaled: what is stored is the checkpoint's value. store-quantized.ts makes f16 and q8 of them.
 */
import { Dtype, Part, Slot, Status, WeightType } from '../abi';
import { f32FromBf16, f32FromF16, f32FromF64, f32RoundTo24 } from '../kernels/convert';
import { f32PackColumns, f32PackRows } from '../kernels/pack-f32';
import { QUANTIZED } from '../simd/build';
import { f32PanelBytes, f32s, i16RowBytes, rowBytes } from '../simd/units';
import { Linear, Pass, Table, weightPanelBytes } from './layout';
import { emptyArena } from './pass';
import { allocate, commit } from './region';
import { hasSlot, linearOf, normOf, tableOf } from './slots';
import { storeQuantizedDepths, storeQuantizedRows, storeQuantizedTable } from './store-quantized';
import { longestDepth, widestOutput } from './weights';

/**
 * Address of a buffer of `bytes` for `storeRows` and `fetchRows`, with room for `elements` f32
 * behind it. It lies in the arena: the next request takes the place.
 */
export function openStaging(pass: Pass, bytes: usize, elements: i32): usize {
  const s = pass.staging;
  emptyArena(pass);
  if (QUANTIZED && pass.config.weightType != WeightType.F32) openQuantized(pass);
  s.rows = allocate(<u64>bytes + 32);
  s.widened = allocate((<u64>elements + 4) * sizeof<f32>());
  commit();
  emptyArena(pass);
  return s.rows;
}

/** Always at the arena's start, so that a matrix in the making outlives a larger staging buffer. */
function openQuantized(pass: Pass): void {
  const c = pass.config;
  const s = pass.staging;
  const K = longestDepth(c);
  const isQ8 = c.weightType == WeightType.Q8;
  s.matrix = isQ8 ? allocate(<u64>widestOutput(c) * rowBytes(K)) : 0;
  // A channel's inputs, a table's columns or a depth's vocabulary.
  s.row = allocate(i16RowBytes(max(K, c.vocabulary)) + 16);
  s.powers = allocate(rowBytes(K));
  s.ranges = allocate(rowBytes(K));
}

/**
 * Rows `first` .. `first + rows - 1` of a tensor, from staging. A vector counts one element a row.
 */
export function storeRows(
  pass: Pass,
  slot: Slot,
  layer: i32,
  network: i32,
  part: Part,
  dtype: Dtype,
  first: i32,
  rows: i32,
): Status {
  if (pass.weights.isSealed) return Status.Sealed;
  const t = tableOf(pass, slot);
  if (t) return storeTable(pass, t, dtype, first, rows);
  if (slot == Slot.LmDense) return storeLmDense(pass, dtype, first, rows);
  if (!hasSlot(pass, slot, layer, network)) return Status.NoSuchSlot;
  const l = linearOf(pass, slot, layer, network);
  if (l) {
    return part == Part.Weight
      ? storeWeight(pass, l, slot, dtype, first, rows)
      : storeBias(pass, l, dtype, first, rows);
  }
  const n = normOf(pass, slot, layer, network);
  if (!n) return Status.NoSuchSlot;
  return storeVector(pass, part == Part.Weight ? n.scale : n.shift, n.size, dtype, first, rows);
}

export function isInside(first: i32, rows: i32, total: i32): bool {
  return first >= 0 && rows >= 0 && first <= total && rows <= total - first;
}

/** The staged numbers as f32: widened, or where they lie. */
function widen(pass: Pass, dtype: Dtype, count: i32): usize {
  const s = pass.staging;
  if (dtype == Dtype.F32) return s.rows;
  if (dtype == Dtype.F16) f32FromF16(s.widened, s.rows, count);
  else if (dtype == Dtype.BF16) f32FromBf16(s.widened, s.rows, count);
  else f32FromF64(s.widened, s.rows, count);
  return s.widened;
}

/** The same as a q8 model keeps f32: in the 24 bits that a converted file has (docs/memory.md). */
function widenKept(pass: Pass, dtype: Dtype, count: i32): usize {
  const from = widen(pass, dtype, count);
  if (pass.config.weightType == WeightType.Q8) f32RoundTo24(from, count);
  return from;
}

function storeTable(pass: Pass, t: Table, dtype: Dtype, first: i32, rows: i32): Status {
  if (!isInside(first, rows, t.rows)) return Status.OutOfRange;
  const from = widen(pass, dtype, rows * t.columns);
  if (QUANTIZED && t.weightType != WeightType.F32) {
    return storeQuantizedTable(pass, t, from, first, rows);
  }
  const row = f32s(t.columns);
  memory.copy(t.data + <usize>first * row, from, <usize>rows * row);
  return Status.Ok;
}

/** PyTorch's [N,K]: rows are columns of the product. The decoder's rows fill depths 0..E-1 only. */
function storeWeight(
  pass: Pass,
  l: Linear,
  slot: Slot,
  dtype: Dtype,
  first: i32,
  rows: i32,
): Status {
  if (!isInside(first, rows, l.outputs)) return Status.OutOfRange;
  const depth = slot == Slot.LmDecoder ? pass.config.embedding : l.inputs;
  if (QUANTIZED && l.weightType != WeightType.F32) {
    return storeQuantizedRows(pass, l, widen(pass, dtype, rows * depth), first, rows, depth);
  }
  const from = widenKept(pass, dtype, rows * depth);
  f32PackRows(l.panels + 32, f32PanelBytes(l.inputs), first, from, f32s(depth), rows, depth);
  return Status.Ok;
}

/** A bias is depth 0 of one source "column" per lane. */
function storeBias(pass: Pass, l: Linear, dtype: Dtype, first: i32, rows: i32): Status {
  if (!isInside(first, rows, l.outputs)) return Status.OutOfRange;
  const panel = weightPanelBytes(l.weightType, l.inputs);
  f32PackRows(l.panels, panel, first, widenKept(pass, dtype, rows), 4, rows, 1);
  return Status.Ok;
}

/** `cls.predictions.dense.weight` [H-E,V]: rows are depths E.. of the decoder's product. */
function storeLmDense(pass: Pass, dtype: Dtype, first: i32, rows: i32): Status {
  const c = pass.config;
  const decoder = pass.weights.lmDecoder;
  if (!decoder) return Status.NoSuchSlot;
  if (!isInside(first, rows, c.hidden - c.embedding)) return Status.OutOfRange;
  const V = c.vocabulary;
  const from = widen(pass, dtype, rows * V);
  const dense = pass.weights.lmDense;
  if (QUANTIZED && dense) return storeQuantizedDepths(pass, dense, first, from, rows);
  const depth = c.embedding + first;
  if (QUANTIZED && decoder.weightType != WeightType.F32) {
    return storeQuantizedDepths(pass, decoder, depth, from, rows);
  }
  const to = decoder.panels + ((<usize>(depth + 1)) << 5);
  f32PackColumns(to, f32PanelBytes(decoder.inputs), from, f32s(V), rows, V);
  return Status.Ok;
}

function storeVector(
  pass: Pass,
  to: usize,
  size: i32,
  dtype: Dtype,
  first: i32,
  rows: i32,
): Status {
  if (!isInside(first, rows, size)) return Status.OutOfRange;
  memory.copy(to + f32s(first), widenKept(pass, dtype, rows), f32s(rows));
  return Status.Ok;
}
