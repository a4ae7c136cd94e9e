/**
 * Checkpoint tensors to their homes: rows of one tensor lie in the staging buffer as the file has
 * them, are widened to f32 and packed where the slot asks for panels. In an f32 model nothing is folded
 * or scaled: what is stored is the checkpoint's value. Small weights are made in store-small.ts.
 */
import { Dtype, Kind, Part, Slot, Status } from '../abi';
import { f32FromBf16, f32FromF16, f32FromF64, f32RoundTo24 } from '../kernels/f32-convert';
import { f32PackColumns, f32PackRows } from '../kernels/f32-pack-nr8';
import {
  Linear,
  Norm,
  Table,
  f32s,
  panelBytes,
  rowBytes,
  weightPanelBytes,
  wordBytes,
} from './layout';
import { config, longestDepth, weights } from './plan';
import { emptyArena } from './request';
import { unready } from './ready';
import { allocate, commit } from './region';
import { hasSlot, linearOf, normOf, tableOf } from './slots';
import { openCollection, storeSmallDepths, storeSmallRows, storeSmallTable } from './store-small';

/** Room for `bytes` of a tensor as the file has them, and behind it for the same numbers in f32. */
let staging: usize = 0;
let widened: usize = 0;

/**
 * Address of a buffer of `bytes` for `storeRows`, with room for `elements` f32 behind it. It lies in
 * the arena: the next request takes the place.
 */
export function openStaging(bytes: usize, elements: i32): usize {
  emptyArena();
  if (config.kind != Kind.F32) openSmall();
  staging = allocate(<u64>bytes + 32);
  widened = allocate((<u64>elements + 4) * sizeof<f32>());
  commit();
  emptyArena();
  return staging;
}

/** The buffer that was opened last. */
export function staged(): usize {
  return staging;
}

/**
 * Always at the arena's start, so that a matrix outlives larger staging. A row is a channel's inputs,
 * a table's columns or a depth's words.
 */
function openSmall(): void {
  const K = longestDepth();
  const N = max(max(config.hidden, config.intermediate), config.bottleneck);
  const matrix = config.kind == Kind.Q8 ? allocate(<u64>N * rowBytes(K)) : 0;
  const words = allocate(wordBytes(max(K, config.vocabulary)) + 16);
  openCollection(matrix, words, allocate(rowBytes(K)), allocate(rowBytes(K)));
}

/** Rows `first` .. `first + rows - 1` of a tensor, from staging. A vector counts one element a row. */
export function storeRows(
  slot: Slot,
  layer: i32,
  network: i32,
  part: Part,
  dtype: Dtype,
  first: i32,
  rows: i32,
): Status {
  const t = tableOf(slot);
  if (t) return storeTable(t, dtype, first, rows);
  if (slot == Slot.LmDense) return storeLmDense(dtype, first, rows);
  if (!hasSlot(slot, layer, network)) return Status.NoSuchSlot;
  const l = linearOf(slot, layer, network);
  if (l) {
    unready(l);
    return part == Part.Weight
      ? storeWeight(l, slot, dtype, first, rows)
      : storeBias(l, dtype, first, rows);
  }
  const n = normOf(slot, layer, network);
  if (n) return storeVector(part == Part.Weight ? n.scale : n.shift, n.size, dtype, first, rows);
  return Status.NoSuchSlot;
}

// ---- kinds of homes ----

export function isInside(first: i32, rows: i32, total: i32): bool {
  return first >= 0 && rows >= 0 && first <= total && rows <= total - first;
}

/** The staged numbers as f32: widened, or where they lie. */
function widen(dtype: Dtype, count: i32): usize {
  if (dtype == Dtype.F32) return staging;
  if (dtype == Dtype.F16) f32FromF16(widened, staging, count);
  else if (dtype == Dtype.BF16) f32FromBf16(widened, staging, count);
  else f32FromF64(widened, staging, count);
  return widened;
}

/** The same as they are kept beside eight bits: a file has 24 bits of them (docs/memory.md). */
function widenKept(dtype: Dtype, count: i32): usize {
  const from = widen(dtype, count);
  if (config.kind == Kind.Q8) f32RoundTo24(from, count);
  return from;
}

function storeTable(t: Table, dtype: Dtype, first: i32, rows: i32): Status {
  if (!isInside(first, rows, t.rows)) return Status.OutOfRange;
  if (t.kind != Kind.F32) return storeSmallTable(t, widen(dtype, rows * t.columns), first, rows);
  const row = f32s(t.columns);
  memory.copy(t.data + <usize>first * row, widen(dtype, rows * t.columns), <usize>rows * row);
  return Status.Ok;
}

/** PyTorch's [N,K]: rows are columns of the product. The decoder's rows fill depths 0..E-1 only. */
function storeWeight(l: Linear, slot: Slot, dtype: Dtype, first: i32, rows: i32): Status {
  if (!isInside(first, rows, l.outputs)) return Status.OutOfRange;
  const depth = slot == Slot.LmDecoder ? config.embedding : l.inputs;
  if (l.kind != Kind.F32) return storeSmallRows(l, widen(dtype, rows * depth), first, rows, depth);
  const from = widenKept(dtype, rows * depth);
  f32PackRows(l.panels + 32, panelBytes(l.inputs), first, from, f32s(depth), rows, depth);
  return Status.Ok;
}

/** A bias is depth 0 of one source "column" per lane. */
function storeBias(l: Linear, dtype: Dtype, first: i32, rows: i32): Status {
  if (!isInside(first, rows, l.outputs)) return Status.OutOfRange;
  const panel = weightPanelBytes(l.kind, l.inputs);
  f32PackRows(l.panels, panel, first, widenKept(dtype, rows), 4, rows, 1);
  return Status.Ok;
}

/** `cls.predictions.dense.weight` [H-E,V]: rows are depths E.. of the decoder's product. */
function storeLmDense(dtype: Dtype, first: i32, rows: i32): Status {
  const decoder = weights.lmDecoder;
  if (!decoder) return Status.NoSuchSlot;
  if (!isInside(first, rows, config.hidden - config.embedding)) return Status.OutOfRange;
  const V = config.vocabulary;
  const from = widen(dtype, rows * V);
  const dense = weights.lmDense;
  if (dense) return storeSmallDepths(dense, first, from, rows);
  const depth = config.embedding + first;
  if (decoder.kind != Kind.F32) return storeSmallDepths(decoder, depth, from, rows);
  const to = decoder.panels + ((<usize>(depth + 1)) << 5);
  f32PackColumns(to, panelBytes(decoder.inputs), from, f32s(V), rows, V);
  return Status.Ok;
}

function storeVector(to: usize, size: i32, dtype: Dtype, first: i32, rows: i32): Status {
  if (!isInside(first, rows, size)) return Status.OutOfRange;
  memory.copy(to + f32s(first), widenKept(dtype, rows), f32s(rows));
  return Status.Ok;
}
