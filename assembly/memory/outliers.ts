/**
 * Weights that are kept in f32 beside a table or layer of 8 or 16 bits: single numbers of a table,
 * whole inputs of a layer. Few models have them, and how many is known only when the weights are
 * there: they lie behind the parameters, where the arena began before.
 */
import { Slot } from '../abi';
import { f32s } from '../simd/units';
import { Linear, OUTLIER_BYTES, outlierColumnBytes, Pass, Table } from './layout';
import { openArena } from './pass';
import { allocate, commit, release } from './region';
import { hasSlot, linearOf, tableOf } from './slots';

/**
 * Room for `count` outliers of a slot, in place of those that it had; the host writes them, in
 * ascending order. Returns their address, 0 where there is no such slot. Staging begins elsewhere
 * afterwards: it has to be opened anew.
 */
export function reserveOutliers(
  pass: Pass,
  slot: Slot,
  layer: i32,
  network: i32,
  count: i32,
): usize {
  if (pass.weights.isSealed || !hasSlot(pass, slot, layer, network)) return 0;
  const t = tableOf(pass, slot);
  if (t) {
    if (count > t.outlierRoom) {
      // Twice the room: rows arrive in pieces.
      t.outlierRoom = max(count, 2 * t.outlierRoom);
      t.outliers = behindParameters(pass, <u64>t.outlierRoom * OUTLIER_BYTES);
    }
    t.outlierCount = count;
    return t.outliers;
  }
  const l = linearOf(pass, slot, layer, network);
  if (!l) return 0;
  if (count > l.outlierRoom) {
    l.outlierRoom = count;
    l.outliers = behindParameters(pass, <u64>count * outlierColumnBytes(l));
  }
  l.outlierCount = count;
  return l.outliers;
}

function behindParameters(pass: Pass, bytes: u64): usize {
  release(pass.request.arena);
  const address = allocate(bytes);
  commit();
  openArena(pass);
  return address;
}

/** Bytes of a slot's outliers. */
export function outliersOfTable(t: Table): usize {
  return <usize>t.outlierCount * OUTLIER_BYTES;
}

export function outliersOfLinear(l: Linear): usize {
  return <usize>l.outlierCount * outlierColumnBytes(l);
}

/** Writes the outliers of one row of a table into the row in f32. */
export function placeOutliers(t: Table, index: u32, row: usize): void {
  const first = index * <u32>t.columns;
  let low = 0;
  let high = t.outlierCount;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (load<u32>(outlierOf(t, middle)) < first) low = middle + 1;
    else high = middle;
  }
  for (; low < t.outlierCount; low++) {
    const outlier = outlierOf(t, low);
    const column = load<u32>(outlier) - first;
    if (column >= <u32>t.columns) return;
    store<f32>(row + f32s(column), load<f32>(outlier, 4));
  }
}

/** Address of an outlier of a table: u32 row * columns + column, and its f32. */
function outlierOf(t: Table, i: i32): usize {
  return t.outliers + <usize>i * OUTLIER_BYTES;
}
