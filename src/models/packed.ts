/** A model's packed weights by name, and loading them from a converted folder. */

import { Slot } from '../engine/abi.ts';
import type { Engine, HomeAddress } from '../engine/engine.ts';
import type { ByteSource } from '../hub/source.ts';
import { type Parameter, type Place, parameters } from '../weights/names.ts';
import { type Home, type Homes, loadPacked } from '../weights/packed.ts';
import { type Loading, type LoadingInfo, settle } from './load-checkpoint.ts';
import type { Target } from './placement.ts';

/** What a packed file gives beside weights. */
export interface PackedInfo {
  readonly loading: LoadingInfo;
  /** Relative error against fp32, as the conversion measured it; null where it did not. */
  readonly relativeError: number | null;
}

/** `Slot.layer.network.Data` and `.Scales` of every place that the model has. */
export function homesOf(target: Target): Homes {
  const { engine } = target;
  return new Map(
    allAddresses(target).map((address) => [
      nameOf(address),
      hasExponents(address) ? exponentsOf(engine, address) : bytesOf(engine, address),
    ]),
  );
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
  for (const address of allAddresses(target)) {
    bytes[partOf(address.slot)] += target.engine.home(address).length;
  }
  return bytes;
}

/** Copies a converted file into the engine. Heads that it lacks are initialised as in Python. */
export async function loadPackedCheckpoint(
  source: ByteSource,
  file: string,
  folder: string,
  loading: Loading,
): Promise<PackedInfo> {
  const { engine, config, parts, signal } = loading;
  const report = await loadPacked(source, homesOf(loading), { signal });
  const holes = new Set(report.missing);
  const isMissing = ({ places }: Parameter) =>
    addressesOf(engine, places).some((address) => holes.has(nameOf(address)));
  const missing = [...parameters(config, parts)].filter(isMissing);
  const error = Number(report.metadata.relative_error ?? Number.NaN);
  return {
    loading: settle(missing, [], { ...loading, file, folder }),
    relativeError: Number.isFinite(error) ? error : null,
  };
}

function addressesOf(engine: Engine, places: readonly Place[]): HomeAddress[] {
  const homes = ['Data', 'Scales'] as const;
  return places
    .flatMap(({ slot, layer, network }) => homes.map((home) => ({ slot, layer, network, home })))
    .filter((address) => engine.home(address).length > 0);
}

function nameOf({ slot, layer, network, home }: HomeAddress): string {
  return `${slot}.${layer}.${network}.${home}`;
}

/** Every home once: several parameters share one. */
function allAddresses({ engine, config, parts }: Target): HomeAddress[] {
  const places = [...parameters(config, parts)].flatMap((parameter) => parameter.places);
  const byName = new Map(addressesOf(engine, places).map((at) => [nameOf(at), at]));
  return [...byName.values()];
}

/** A home whose bytes a file has as they are. */
function bytesOf(engine: Engine, address: HomeAddress): Home {
  return {
    length: engine.home(address).length,
    read: () => engine.home(address),
    write: (first, bytes) => engine.home(address).set(bytes, first),
  };
}

/** Input factors are powers of two, and a file has their exponents as f32 does, a byte each. */
function hasExponents({ slot, home }: HomeAddress): boolean {
  return home === 'Scales' && !/Embeddings$|Norm$|^LmDense$/.test(slot);
}

function exponentsOf(engine: Engine, address: HomeAddress): Home {
  const words = () => {
    const { buffer, byteOffset, length } = engine.home(address);
    return new Uint32Array(buffer, byteOffset, length / 4);
  };
  return {
    length: words().length,
    read: () => Uint8Array.from(words(), (bits) => bits >>> 23),
    write(first, bytes) {
      words().set(
        Array.from(bytes, (exponent) => exponent << 23),
        first,
      );
    },
  };
}

function partOf(slot: keyof typeof Slot): keyof WeightBytes {
  if (Slot[slot] <= Slot.EmbeddingNorm) return 'embeddings';
  return Slot[slot] <= Slot.OutputBottleneckNorm ? 'blocks' : 'heads';
}
