/**
 * Where a slot's packed bytes lie, for hosts that keep them in a file: what was packed once is loaded
 * by copying. The bytes are those of layout.ts and of the panels in assembly/kernels.
 */
import { Home, Slot } from '../abi';
import { NR, f32s, roundUp8, tableWidth, weightPanelBytes } from './layout';
import { unready } from './ready';
import { hasSlot, linearOf, normOf, tableOf } from './slots';

/** Set by `homeBytes`. */
let address: usize = 0;

/** Bytes of one home of a slot, 0 where the model has none. */
export function homeBytes(slot: Slot, layer: i32, network: i32, home: Home): usize {
  address = 0;
  if (!hasSlot(slot, layer, network)) return 0;
  const isData = home == Home.Data;
  const t = tableOf(slot);
  if (t) {
    address = isData ? t.data : t.scales;
    if (isData) return <usize>t.rows * <usize>t.columns * tableWidth(t.kind);
    return t.scales ? (<usize>t.rows) << 1 : 0;
  }
  const l = linearOf(slot, layer, network);
  if (l) {
    address = isData ? l.panels : l.factors;
    if (isData) return <usize>(roundUp8(l.outputs) / NR) * weightPanelBytes(l.kind, l.inputs);
    return l.factors ? f32s(l.inputs) : 0;
  }
  const n = normOf(slot, layer, network);
  if (!n) return 0;
  address = isData ? n.scale : n.shift;
  return f32s(n.size);
}

/** Where they lie, to be read or written. */
export function homeAddress(slot: Slot, layer: i32, network: i32, home: Home): usize {
  if (!homeBytes(slot, layer, network, home)) return 0;
  const l = linearOf(slot, layer, network);
  if (l) unready(l);
  return address;
}
