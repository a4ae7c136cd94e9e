/**
 * loadWeights(): a file of weights into destinations, tensor by tensor as they stream in. Knows no
 * model: `place` says where a name goes. Every shape is checked before the first value is written.
 */

import { WeightsError } from '../errors.ts';
import type { ByteSource } from '../platform/types.ts';
import { SafetensorsReader } from './formats/safetensors.ts';
import type { StoredTensor } from './formats/safetensors-header.ts';
import {
  type Destination,
  type FloatDtype,
  quote,
  showShape,
  type TensorInfo,
} from './tensor-info.ts';

export type { Destination, TensorInfo } from './tensor-info.ts';

/** Where a tensor goes; undefined when nothing in the model is called that. */
export type PlaceTensor = (name: string, info: TensorInfo) => Destination | undefined;

/** What became of a file's tensors, by name. */
export interface LoadReport {
  readonly loaded: string[];
  readonly unexpected: string[];
}

/** Options of `loadWeights`. */
export interface LoadOptions {
  /** Stops loading; destinations may then be half written. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Streams every tensor that has a place into it. Missing tensors are the caller's to find.
 *
 * @throws WeightsError naming the tensor: a broken file, a wrong shape, integers for weights, two
 *   tensors for one place; nothing is written unless the header and all shapes are right
 */
export async function loadWeights(
  source: ByteSource,
  place: PlaceTensor,
  { signal }: LoadOptions = {},
): Promise<LoadReport> {
  signal?.throwIfAborted();
  const file = await SafetensorsReader.open(source);
  try {
    const homes = placeAll(file.header.tensors, place);
    for (const tensor of file.header.tensors) {
      signal?.throwIfAborted();
      const home = homes.get(tensor);
      if (home === undefined) await file.skip(tensor);
      else await fill(home, tensor, file, signal);
    }
    await file.finish();
    const [loaded, unexpected]: [string[], string[]] = [[], []];
    for (const tensor of file.header.tensors) {
      (homes.has(tensor) ? loaded : unexpected).push(tensor.name);
    }
    return { loaded, unexpected };
  } finally {
    await file.close();
  }
}

async function fill(
  home: Destination,
  tensor: StoredTensor,
  file: SafetensorsReader,
  signal: AbortSignal | undefined,
): Promise<void> {
  for await (const { firstRow, rows, bytes } of file.rows(tensor)) {
    signal?.throwIfAborted();
    home.write(firstRow, rows, bytes, tensor.dtype as FloatDtype);
  }
}

/** Finds every tensor's place, and refuses the file if one of them does not fit. */
function placeAll(
  tensors: readonly StoredTensor[],
  place: PlaceTensor,
): Map<TensorInfo, Destination> {
  const homes = new Map<TensorInfo, Destination>();
  const taken = new Map<Destination, string>();
  for (const tensor of tensors) {
    const home = place(tensor.name, tensor);
    if (home === undefined) continue;
    checkFit(tensor, home);
    const other = taken.get(home);
    if (other !== undefined) {
      throw new WeightsError(
        `Cannot load weights: tensors ${quote(other)} and ${quote(tensor.name)} are the same parameter, expected one`,
      );
    }
    taken.set(home, tensor.name);
    homes.set(tensor, home);
  }
  return homes;
}

function checkFit({ name, dtype, shape }: TensorInfo, home: Destination): void {
  if (!['F64', 'F32', 'F16', 'BF16'].includes(dtype)) {
    throw new WeightsError(
      `Cannot load weights: tensor ${quote(name)} has dtype ${dtype}, expected F64, F32, F16 or BF16`,
    );
  }
  const fits = shape.length === home.shape.length && shape.every((n, i) => n === home.shape[i]);
  if (fits) return;
  throw new WeightsError(
    `Cannot load weights: tensor ${quote(name)} has shape ${showShape(shape)}, expected ${showShape(home.shape)}`,
  );
}
