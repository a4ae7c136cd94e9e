/** A model's packed weights by name, and loading them from a converted folder. */

import { Slot } from '../engine/abi.ts';
import type { Engine, HomeAddress } from '../engine/engine.ts';
import { type Parameter, type Place, parameters } from '../weights/names.ts';
import { type Homes, loadPacked } from '../weights/packed.ts';
import { type Loading, type LoadingInfo, settle, type WeightsFile } from './load-checkpoint.ts';
import type { Target } from './placement.ts';

/** What a packed file gives beside weights. */
export interface PackedInfo {
  readonly loading: LoadingInfo;
  /** Relative error against fp32, as the conversion measured it; null where it did not. */
  readonly relativeError: number | null;
}

/** `Slot.layer.network.Data` and `.Scales` of every place that the model has. */
export function homesOf({ engine, config, parts }: Target): Homes {
  const homes = new Map<string, () => Uint8Array>();
  for (const parameter of parameters(config, parts)) {
    for (const address of addressesOf(engine, parameter.places)) {
      homes.set(nameOf(address), () => engine.home(address));
    }
  }
  return homes;
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
  for (const [name, view] of homesOf(target)) bytes[partOf(name)] += view().length;
  return bytes;
}

/** Copies a converted file into the engine. Heads that it lacks are initialised as in Python. */
export async function loadPackedCheckpoint(
  { source, file }: WeightsFile,
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

function partOf(home: string): keyof WeightBytes {
  const slot = Slot[home.split('.')[0] as keyof typeof Slot];
  if (slot <= Slot.EmbeddingNorm) return 'embeddings';
  return slot <= Slot.OutputBottleneckNorm ? 'blocks' : 'heads';
}
