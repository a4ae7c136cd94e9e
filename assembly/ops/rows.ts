/** Rows from one place to another: tables, padded activations, the host's dense buffers. */

/** Copies `rows` rows of `bytes`; strides in bytes. Ascending, so a denser copy may overlap in place. */
export function copyRows(
  to: usize,
  toStride: usize,
  from: usize,
  fromStride: usize,
  bytes: usize,
  rows: i32,
): void {
  if (toStride == bytes && fromStride == bytes) {
    memory.copy(to, from, <usize>rows * bytes);
    return;
  }
  for (; rows > 0; rows--) {
    memory.copy(to, from, bytes);
    to += toStride;
    from += fromStride;
  }
}

/** Rows `ids` [rows] i32 of a dense table, `bytes` each. */
export function gatherRows(
  to: usize,
  toStride: usize,
  table: usize,
  bytes: usize,
  ids: usize,
  rows: i32,
): void {
  for (; rows > 0; rows--) {
    memory.copy(to, table + <usize>load<u32>(ids) * bytes, bytes);
    to += toStride;
    ids += 4;
  }
}
