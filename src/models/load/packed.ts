/** A q8 model's packed weights by name, and loading them from a converted folder. */

import { Slot, Storage } from '../../engine/abi.ts';
import type { Engine, SlotIndex, SlotStorage } from '../../engine/engine.ts';
import { type PackedBytes, packedBytes } from '../../engine/packed/packed-bytes.ts';
import type { ByteSource } from '../../hub/source.ts';
import { type Parameter, parameters } from '../../weights/names.ts';
import { rowsOf } from '../../weights/tensor-info.ts';
import type { FoundWeights } from './find-weights.ts';
import { type Loading, type LoadingInfo, loadCheckpoint, settle } from './load-checkpoint.ts';
import { loadPacked, type PackedTensors, packedFile } from './packed-file.ts';
import { readOutliers, writeOutliers } from './packed-outliers.ts';
import type { Mismatch, Target } from './placement.ts';

/** What is known of a conversion. */
export interface Conversion {
  /** Relative error against fp32, as it was measured; null where it was not. */
  readonly relativeError: number | null;
  /** What weights were calibrated on; null where they were rounded to nearest. */
  readonly calibration: string | null;
}

/** Of weights that were not loaded from a converted file. */
export const UNKNOWN: Conversion = { relativeError: null, calibration: null };

/** What is known of loaded weights. */
export interface Found {
  readonly loading: LoadingInfo;
  readonly conversion: Conversion;
}

/**
 * One tensor for each block (`Block.7`) and for each slot outside of them (`WordEmbeddings`), with
 * the bytes that a converted file has, or those that `bytesOf` gives.
 */
export function packedTensors(
  target: Target,
  bytesOf: typeof packedBytes = packedBytes,
): PackedTensors {
  const groups = new Map<string, PackedBytes[]>();
  for (const { at, outputs } of storages(target)) {
    const name = nameOf(at);
    const bytes = bytesOf(target.engine, at, outputs);
    groups.set(name, [...(groups.get(name) ?? []), bytes]);
  }
  return new Map([...groups].map(([name, parts]) => [name, joined(parts)]));
}

/** Bytes of packed weights. */
export interface WeightBytes {
  readonly embeddings: number;
  readonly blocks: number;
  readonly heads: number;
}

/** Bytes of linear memory that the parts of a model take. */
export function bytesByPart(target: Target): WeightBytes {
  const bytes = { embeddings: 0, blocks: 0, heads: 0 };
  for (const { at } of storages(target)) {
    bytes[partOf(at.slot)] += target.engine.extent(at).bytes;
  }
  return bytes;
}

/**
 * The chunks of a packed file, each valid until the next.
 *
 * @throws TypeError for weights that are not q8
 */
export function packedWeights(
  target: Target,
  metadata: Readonly<Record<string, string>>,
): Iterable<Uint8Array> {
  if (target.dtype === 'q8') {
    return packedFile(packedTensors(target), metadata, readOutliers(target));
  }
  throw new TypeError(
    `Cannot pack the weights: the model is ${target.dtype}, expected one loaded with dtype "q8"`,
  );
}

/** Fills the engine from what was found: tensor by tensor, or by copying what was packed before. */
export async function loadFound(
  weights: FoundWeights,
  folder: string,
  loading: Loading,
): Promise<Found> {
  if (weights.packed) return loadPackedCheckpoint(weights.packed, weights.name, folder, loading);
  return { loading: await loadCheckpoint(weights, folder, loading), conversion: UNKNOWN };
}

/** Copies a converted file into the engine. Heads that it lacks are initialised as in Python. */
async function loadPackedCheckpoint(
  source: ByteSource,
  file: string,
  folder: string,
  loading: Loading,
): Promise<Found> {
  const { engine, config, parts, signal, mayMismatch } = loading;
  const takeOutliers = (bytes: Uint8Array) => writeOutliers(loading, bytes);
  const options = { signal, mayMismatch };
  const report = await loadPacked(source, packedTensors(loading), takeOutliers, options);
  const holes = new Set([...report.missing, ...report.mismatched.keys()]);
  const isMissing = ({ slots }: Parameter) =>
    storagesOf(engine, slots).some((at) => holes.has(nameOf(at)));
  const missing = [...parameters(config, parts)].filter(isMissing);
  // A packed tensor is a list of bytes: that is the shape which was found.
  const mismatched = missing.flatMap(({ name, shape, slots }): Mismatch[] => {
    const [found] = storagesOf(engine, slots).flatMap(
      (at) => report.mismatched.get(nameOf(at)) ?? [],
    );
    return found === undefined ? [] : [[name, [found], shape]];
  });
  const { relative_error, calibration = null } = report.metadata;
  const error = Number(relative_error);
  return {
    loading: settle(
      missing,
      { unexpected: [], mismatched, notes: [] },
      { ...loading, file, folder },
    ),
    conversion: { relativeError: Number.isFinite(error) ? error : null, calibration },
  };
}

/** The packed bytes that the engine has of some slots. Weight and bias of a slot share them. */
export function storagesOf(engine: Engine, slots: readonly SlotIndex[]): SlotStorage[] {
  const both = ['Data', 'Scales'] as const;
  return slots
    .flatMap(({ slot, layer, network }) =>
      both.map((storage) => ({ slot, layer, network, storage })),
    )
    .filter((at) => engine.extent(at).bytes > 0);
}

function nameOf({ slot, layer }: SlotStorage): string {
  return partOf(slot) === 'blocks' ? `Block.${layer}` : slot;
}

/** One stretch of packed bytes, and how many outputs its layer has. */
interface LayerStorage {
  readonly at: SlotStorage;
  readonly outputs: number;
}

/**
 * Every stretch once, in the order of a file: slots by number, networks, data before scales. Layers
 * that read the same rows share their factors.
 */
function storages({ engine, config, parts }: Target): LayerStorage[] {
  const found = new Map<number, LayerStorage>();
  for (const { slots, shape, kept } of parameters(config, parts)) {
    const { rows, rowSize } = rowsOf(kept ? shape.with(kept.axis, kept.size) : shape);
    for (const at of storagesOf(engine, slots)) {
      const outputs = at.slot === 'LmDense' ? rowSize : rows;
      found.set(engine.extent(at).address, { at, outputs });
    }
  }
  return [...found.values()].sort((a, b) => orderOf(a.at) - orderOf(b.at));
}

/** Within a layer. No configuration has 2,048 networks. */
function orderOf({ slot, network, storage }: SlotStorage): number {
  return Slot[slot] * 4096 + network * 2 + Storage[storage];
}

/** Several stretches as one, back to back. */
function joined(parts: readonly PackedBytes[]): PackedBytes {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return {
    length,
    read() {
      const bytes = new Uint8Array(length);
      let at = 0;
      for (const part of parts) {
        bytes.set(part.read(), at);
        at += part.length;
      }
      return bytes;
    },
    write(first, bytes) {
      let at = 0;
      for (const part of parts) {
        const from = Math.max(first, at);
        const end = Math.min(first + bytes.length, at + part.length);
        if (from < end) part.write(from - at, bytes.subarray(from - first, end - first));
        at += part.length;
      }
    },
  };
}

function partOf(slot: keyof typeof Slot): keyof WeightBytes {
  if (Slot[slot] <= Slot.EmbeddingNorm) return 'embeddings';
  return Slot[slot] <= Slot.OutputBottleneckNorm ? 'blocks' : 'heads';
}
