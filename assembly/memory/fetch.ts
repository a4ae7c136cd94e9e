/**
 * Weights of an f32 model back out of their slots, the opposite of store.ts: rows of one tensor go
 * to the staging buffer as a checkpoint has them, row-major and in f32; panels are taken apart
 * again.
 */
import { Part, Slot, Status } from '../abi';
import { f32UnpackColumns, f32UnpackRows } from '../kernels/pack-f32';
import { FLOATS } from '../simd/build';
import { f32PanelBytes, f32s } from '../simd/units';
import { Linear, Pass } from './layout';
import { hasSlot, linearOf, normOf, tableOf } from './slots';
import { isInside } from './store';

/**
 * Rows `first` .. `first + rows - 1` of a tensor into staging, `elements` f32 together. A vector
 * counts one element a row. Builds that run q8 alone have nothing to fetch: hosts read packed
 * bytes.
 */
export function fetchRows(
  pass: Pass,
  slot: Slot,
  layer: i32,
  network: i32,
  part: Part,
  first: i32,
  rows: i32,
  elements: i32,
): Status {
  if (!FLOATS) return Status.NoSuchSlot;
  const t = tableOf(pass, slot);
  if (t) {
    const from = t.data + <usize>first * f32s(t.columns);
    return fetchDense(pass, from, t.rows, t.columns, first, rows, elements);
  }
  if (slot == Slot.LmDense) return fetchLmDense(pass, first, rows, elements);
  if (!hasSlot(pass, slot, layer, network)) return Status.NoSuchSlot;
  const l = linearOf(pass, slot, layer, network);
  if (l) {
    // A bias is depth 0 of its panel; the decoder's rows are depths 1..E only.
    const depth = slot == Slot.LmDecoder ? pass.config.embedding : l.inputs;
    return part == Part.Weight
      ? fetchPanels(pass, l, 1, depth, first, rows, elements)
      : fetchPanels(pass, l, 0, 1, first, rows, elements);
  }
  const n = normOf(pass, slot, layer, network);
  if (!n) return Status.NoSuchSlot;
  const from = (part == Part.Weight ? n.scale : n.shift) + f32s(first);
  return fetchDense(pass, from, n.size, 1, first, rows, elements);
}

function fits(first: i32, rows: i32, total: i32, columns: i32, elements: i32): bool {
  return isInside(first, rows, total) && <i64>rows * <i64>columns == <i64>elements;
}

function fetchDense(
  pass: Pass,
  from: usize,
  total: i32,
  columns: i32,
  first: i32,
  rows: i32,
  elements: i32,
): Status {
  if (!fits(first, rows, total, columns, elements)) return Status.OutOfRange;
  memory.copy(pass.staging.rows, from, f32s(elements));
  return Status.Ok;
}

/** Columns `first`.. of the product, `depth` deep from depth `start` of their panels, as rows. */
function fetchPanels(
  pass: Pass,
  l: Linear,
  start: i32,
  depth: i32,
  first: i32,
  rows: i32,
  elements: i32,
): Status {
  if (!fits(first, rows, l.outputs, depth, elements)) return Status.OutOfRange;
  const from = l.panels + ((<usize>start) << 5);
  f32UnpackRows(pass.staging.rows, from, f32PanelBytes(l.inputs), first, rows, depth);
  return Status.Ok;
}

function fetchLmDense(pass: Pass, first: i32, rows: i32, elements: i32): Status {
  const l = pass.weights.lmDecoder;
  if (!l) return Status.NoSuchSlot;
  const E = pass.config.embedding;
  const total = l.inputs - E;
  if (!fits(first, rows, total, l.outputs, elements)) return Status.OutOfRange;
  const depth = l.panels + ((<usize>(E + first + 1)) << 5);
  f32UnpackColumns(pass.staging.rows, depth, f32PanelBytes(l.inputs), rows, l.outputs);
  return Status.Ok;
}
