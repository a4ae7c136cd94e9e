/**
 * The weights that a q8 model keeps in f32, as one tensor of a packed file (docs/memory.md). For each
 * slot that has some: slot, layer, network and bytes as u32, then the outliers as they lie in memory.
 */

import { Slot } from '../../engine/abi.ts';
import type { SlotIndex } from '../../engine/engine.ts';
import {
  decodeOutliers,
  encodeOutliers,
  hasPlaces,
  outlierBytes,
} from '../../engine/packed/outliers.ts';
import { WeightsError } from '../../errors.ts';
import { parameters } from '../../weights/names.ts';
import { rowsOf } from '../../weights/tensor-info.ts';
import type { Target } from './placement.ts';

/** Name of the tensor. */
export const OUTLIERS = 'Outliers';

/** Bytes in front of a slot's outliers. */
const HEAD_BYTES = 16;

/** A table or layer that may have outliers, and the shape [rows, columns] of its weights. */
interface Shaped {
  readonly at: SlotIndex;
  readonly rows: number;
  readonly columns: number;
  /** Bytes of one outlier. */
  readonly step: number;
}

const SLOTS = Object.keys(Slot) as (keyof typeof Slot)[];

/** The outliers of all slots; empty where the model has none. */
export function readOutliers(target: Target): Uint8Array<ArrayBuffer> {
  const parts = shapedSlots(target).flatMap(({ at }) => {
    const outliers = target.engine.outliers(at);
    if (outliers.length === 0) return [];
    const head = [Slot[at.slot], at.layer, at.network, outliers.length];
    return [new Uint8Array(new Uint32Array(head).buffer), outliers];
  });
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let end = 0;
  for (const part of parts) {
    bytes.set(part, end);
    end += part.length;
  }
  return bytes;
}

/**
 * Gives a model the outliers of a file, but for slots that the model does not have.
 *
 * @throws WeightsError for bytes that cannot be outliers of this model; nothing is written then
 */
export function writeOutliers(target: Target, bytes: Uint8Array): void {
  const shaped = shapedSlots(target);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = new Map<Shaped, Uint8Array<ArrayBuffer>>();
  for (let from = 0; from < bytes.length; ) {
    if (from + HEAD_BYTES > bytes.length) throw broken('a part that is cut short');
    const [slot, layer, network, length] = [0, 4, 8, 12].map((i) => view.getUint32(from + i, true));
    const own = shaped.find(
      ({ at }) => Slot[at.slot] === slot && at.layer === layer && at.network === network,
    );
    from += HEAD_BYTES;
    const end = from + length!;
    if (end > bytes.length) throw broken('a part that is cut short');
    if (own) {
      const outliers = bytes.slice(from, end);
      const isTable = isOfTable(own.at);
      if (!hasPlaces(outliers, own.step, isTable ? own.rows * own.columns : own.columns)) {
        throw broken(`outliers of ${SLOTS[slot!]} out of order or out of range`);
      }
      found.set(own, outliers);
    }
    from = end;
  }
  for (const [{ at, step }, outliers] of found) {
    target.engine.openWeights(() =>
      target.engine.setOutliers(at, outliers.length / step, outliers),
    );
  }
}

/** Copies outliers of tables and layers to an engine whose tables may have fewer or more rows. */
export function copyOutliers(to: Target, from: Target): void {
  for (const { at, rows, columns, step } of shapedSlots(to)) {
    const all = from.engine.outliers(at);
    if (all.length === 0) continue;
    const inside = isOfTable(at)
      ? encodeOutliers(decodeOutliers(all).filter(({ place }) => place < rows * columns))
      : all;
    to.engine.setOutliers(at, inside.length / step, inside);
  }
}

function shapedSlots({ config, parts }: Omit<Target, 'engine'>): Shaped[] {
  return [...parameters(config, parts)].flatMap(({ slots, shape, kept }) => {
    const at = slots[0];
    if (!at || at.part === 'bias' || at.slot.endsWith('Norm')) return [];
    const { rows, rowSize } = rowsOf(kept ? shape.with(kept.axis, kept.size) : shape);
    const { slot, layer, network } = at;
    const step = outlierBytes(isOfTable(at) ? 0 : rows);
    return [{ at: { slot, layer, network }, rows, columns: rowSize, step }];
  });
}

function isOfTable({ slot }: SlotIndex): boolean {
  return slot.endsWith('Embeddings');
}

function broken(found: string): WeightsError {
  return new WeightsError(`Cannot load weights: tensor "${OUTLIERS}" has ${found}`);
}
