/** Rows from one place to another: tables, padded activations, the host's dense buffers. */
import { WeightType } from '../abi';
import { f32FromBf16, f32FromF16, f32FromI8 } from '../kernels/convert';
import { Pass, Table } from '../memory/layout';
import { placeOutliers } from '../memory/outliers';
import { FLOATS } from '../simd/build';
import { f32s, i16s } from '../simd/units';

/**
 * Copies `rows` rows of `bytes`; strides in bytes. Ascending, so a denser copy may overlap in
 * place.
 */
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

/** Rows `ids` [rows] i32 of a table, in f32. */
export function gatherTable(
  pass: Pass,
  t: Table,
  to: usize,
  toStride: usize,
  ids: usize,
  rows: i32,
): void {
  const bytes = f32s(t.columns);
  for (; rows > 0; rows--) {
    memory.copy(to, tableRow(t, load<u32>(ids), pass.scratch.tableRows), bytes);
    to += toStride;
    ids += 4;
  }
}

/** Where row `index` lies in f32: in the table, or widened in `row`. */
export function tableRow(t: Table, index: u32, row: usize): usize {
  const element = <usize>index * <usize>t.columns;
  if (t.weightType == WeightType.F32) return t.data + (element << 2);
  if (FLOATS && t.weightType == WeightType.F16) f32FromF16(row, t.data + (element << 1), t.columns);
  else if (t.weightType == WeightType.BF16) f32FromBf16(row, t.data + (element << 1), t.columns);
  else f32FromI8(row, t.data + element, t.columns, scaleOf(t, index));
  if (t.outlierCount) placeOutliers(t, index, row);
  return row;
}

function scaleOf(t: Table, index: u32): f32 {
  return reinterpret<f32>((<u32>load<u16>(t.scales + i16s(<i32>index))) << 16);
}
