/**
 * Where a slot's packed bytes lie, for hosts that keep them in a file: what was packed once is
 * loaded by copying. Queries: they change nothing. The bytes are those that were stored only while
 * weights are open.
 */
import { Slot, Storage, WeightType } from '../abi';
import { f32s, i16s, panels } from '../simd/units';
import { Pass, weightPanelBytes } from './layout';
import { outliersOfLinear, outliersOfTable } from './outliers';
import { hasSlot, linearOf, normOf, tableOf } from './slots';
import { tableWidth } from './weights';

/** Bytes of one storage of a slot, 0 where the model has none. */
export function storageBytes(
  pass: Pass,
  slot: Slot,
  layer: i32,
  network: i32,
  storage: Storage,
): usize {
  if (!hasSlot(pass, slot, layer, network)) return 0;
  const isData = storage == Storage.Data;
  const t = tableOf(pass, slot);
  if (t) {
    if (storage == Storage.Outliers) return outliersOfTable(t);
    if (isData) return <usize>t.rows * <usize>t.columns * tableWidth(t.weightType);
    return t.scales ? i16s(t.rows) : 0;
  }
  const l = linearOf(pass, slot, layer, network);
  if (l) {
    if (storage == Storage.Outliers) return outliersOfLinear(l);
    if (isData) return panels(l.outputs) * weightPanelBytes(l.weightType, l.inputs);
    return l.factors ? f32s(l.inputs) : 0;
  }
  const n = normOf(pass, slot, layer, network);
  return n && storage != Storage.Outliers ? f32s(n.size) : 0;
}

/** Where they lie; 0 where the model has none. */
export function storageAddress(
  pass: Pass,
  slot: Slot,
  layer: i32,
  network: i32,
  storage: Storage,
): usize {
  if (!hasSlot(pass, slot, layer, network)) return 0;
  const isData = storage == Storage.Data;
  const t = tableOf(pass, slot);
  if (t && storage == Storage.Outliers) return t.outliers;
  if (t) return isData ? t.data : t.scales;
  const l = linearOf(pass, slot, layer, network);
  if (l && storage == Storage.Outliers) return l.outliers;
  if (l) return isData ? l.panels : l.factors;
  const n = normOf(pass, slot, layer, network);
  if (!n || storage == Storage.Outliers) return 0;
  return isData ? n.scale : n.shift;
}

/** What a slot's numbers are kept in; F32 where the model has no such slot. */
export function weightType(pass: Pass, slot: Slot, layer: i32, network: i32): WeightType {
  if (!hasSlot(pass, slot, layer, network)) return WeightType.F32;
  const t = tableOf(pass, slot);
  if (t) return t.weightType;
  const l = linearOf(pass, slot, layer, network);
  return l ? l.weightType : WeightType.F32;
}
