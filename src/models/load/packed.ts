/** A model's packed weights by name, and loading them from a converted folder. */

import { Home as HomeOf, Slot } from '../../engine/abi.ts';
import type { Engine, HomeAddress } from '../../engine/engine.ts';
import type { ByteSource } from '../../hub/source.ts';
import { type Parameter, type Place, parameters } from '../../weights/names.ts';
import { rowsOf } from '../../weights/tensor-info.ts';
import { packedHome } from '../packed-home.ts';
import type { FoundWeights } from './find-weights.ts';
import { type Loading, type LoadingInfo, loadCheckpoint, settle } from './load-checkpoint.ts';
import { type Home, type Homes, loadPacked, packedFile } from './packed-file.ts';
import type { Target } from './placement.ts';

/** What is known of a conversion. */
export interface Conversion {
  /** Relative error against fp32, as it was measured; null where it was not. */
  readonly relativeError: number | null;
  /** What weights were calibrated on; null where they were rounded to nearest. */
  readonly calibration: string | null;
}

/** Of weights that no converted file says anything of. */
export const UNKNOWN: Conversion = { relativeError: null, calibration: null };

/** What weights bring along. */
export interface Found {
  readonly loading: LoadingInfo;
  readonly conversion: Conversion;
}

/**
 * `Block.7`, `WordEmbeddings`, ...: one home a block, and one for every slot outside of them, as a
 * converted file has them unless `homeOf` says how.
 */
export function homesOf(target: Target, homeOf: typeof packedHome = packedHome): Homes {
  const groups = new Map<string, Home[]>();
  for (const { address, outputs } of allAddresses(target)) {
    const name = nameOf(address);
    const home = homeOf(target.engine, address, outputs);
    groups.set(name, [...(groups.get(name) ?? []), home]);
  }
  return new Map([...groups].map(([name, homes]) => [name, joined(homes)]));
}

/** Bytes of packed weights. */
export interface WeightBytes {
  readonly embeddings: number;
  readonly blocks: number;
  readonly heads: number;
}

/** How many bytes the parts of a model take. */
export function bytesByPart(target: Target): WeightBytes {
  const bytes = { embeddings: 0, blocks: 0, heads: 0 };
  for (const { address } of allAddresses(target)) {
    bytes[partOf(address.slot)] += target.engine.home(address).length;
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
  if (target.dtype === 'q8') return packedFile(homesOf(target), metadata);
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
  const { engine, config, parts, signal } = loading;
  const report = await loadPacked(source, homesOf(loading), { signal });
  const holes = new Set(report.missing);
  const isMissing = ({ places }: Parameter) =>
    addressesOf(engine, places).some((address) => holes.has(nameOf(address)));
  const missing = [...parameters(config, parts)].filter(isMissing);
  const { relative_error, calibration = null } = report.metadata;
  const error = Number(relative_error);
  return {
    loading: settle(missing, [], { ...loading, file, folder }),
    conversion: { relativeError: Number.isFinite(error) ? error : null, calibration },
  };
}

/** What the engine keeps of some places; several parameters share a home. */
export function addressesOf(engine: Engine, places: readonly Place[]): HomeAddress[] {
  const homes = ['Data', 'Scales'] as const;
  return places
    .flatMap(({ slot, layer, network }) => homes.map((home) => ({ slot, layer, network, home })))
    .filter((address) => engine.home(address).length > 0);
}

function nameOf({ slot, layer }: HomeAddress): string {
  return partOf(slot) === 'blocks' ? `Block.${layer}` : slot;
}

/** One home, and how many outputs its layer has. */
interface Addressed {
  readonly address: HomeAddress;
  readonly outputs: number;
}

/**
 * Every home once, in the order that a file has: slots by number, networks, data before scales. Layers
 * that read the same rows share theirs.
 */
function allAddresses({ engine, config, parts }: Target): Addressed[] {
  const found = new Map<number, Addressed>();
  for (const { places, shape, kept } of parameters(config, parts)) {
    const { rows, rowSize } = rowsOf(kept ? shape.with(kept.axis, kept.size) : shape);
    for (const address of addressesOf(engine, places)) {
      const outputs = address.slot === 'LmDense' ? rowSize : rows;
      found.set(engine.home(address).byteOffset, { address, outputs });
    }
  }
  return [...found.values()].sort((a, b) => orderOf(a.address) - orderOf(b.address));
}

/** Of a layer's homes; no configuration has as many networks. */
function orderOf({ slot, network, home }: HomeAddress): number {
  return Slot[slot] * 4096 + network * 2 + HomeOf[home];
}

/** Several homes as one, back to back. */
function joined(homes: readonly Home[]): Home {
  const length = homes.reduce((sum, home) => sum + home.length, 0);
  return {
    length,
    read() {
      const bytes = new Uint8Array(length);
      let at = 0;
      for (const home of homes) {
        bytes.set(home.read(), at);
        at += home.length;
      }
      return bytes;
    },
    write(first, bytes) {
      let at = 0;
      for (const home of homes) {
        const from = Math.max(first, at);
        const end = Math.min(first + bytes.length, at + home.length);
        if (from < end) home.write(from - at, bytes.subarray(from - first, end - first));
        at += home.length;
      }
    },
  };
}

function partOf(slot: keyof typeof Slot): keyof WeightBytes {
  if (Slot[slot] <= Slot.EmbeddingNorm) return 'embeddings';
  return Slot[slot] <= Slot.OutputBottleneckNorm ? 'blocks' : 'heads';
}
