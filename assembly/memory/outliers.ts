/**
 * Numbers of a table that are kept apart in f32. Few tables have them, and how many is known only
 * when their rows are there: they lie behind the parameters, where the arena began before.
 */
import { Slot } from '../abi';
import { f32s } from '../simd/units';
import { outlierBytes, Pass, Table } from './layout';
import { openArena } from './pass';
import { allocate, commit, mark, release } from './region';
import { tableOf } from './slots';

/**
 * Room for `count` outliers of a table, in place of those that it had; the host writes them, in
 * ascending order of their places. Returns their address, 0 where there is no such table. Staging
 * begins elsewhere afterwards: it has to be opened anew.
 */
export function reserveOutliers(pass: Pass, slot: Slot, count: i32): usize {
  const t = tableOf(pass, slot);
  if (!t || pass.weights.isSealed) return 0;
  if (count > t.outlierRoom) {
    release(pass.request.arena);
    // Twice the room: rows arrive in pieces.
    const room = max(count, 2 * t.outlierRoom);
    t.outliers = allocate(outlierBytes(room));
    t.outlierRoom = room;
    commit();
    openArena(pass);
  }
  t.outlierCount = count;
  return t.outliers;
}

/** Writes the outliers of one row of a table into the row in f32. */
export function placeOutliers(t: Table, index: u32, row: usize): void {
  const first = index * <u32>t.columns;
  let low = 0;
  let high = t.outlierCount;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (placeOf(t, middle) < first) low = middle + 1;
    else high = middle;
  }
  for (; low < t.outlierCount; low++) {
    const column = placeOf(t, low) - first;
    if (column >= <u32>t.columns) return;
    store<f32>(row + f32s(column), load<f32>(t.outliers + outlierBytes(low), 4));
  }
}

/** row * columns + column of an outlier. */
function placeOf(t: Table, i: i32): u32 {
  return load<u32>(t.outliers + outlierBytes(i));
}
