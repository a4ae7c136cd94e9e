/**
 * loadWeights(): files of weights into destinations, tensor by tensor as they stream in. Knows no
 * model: `place` says where a name goes. Every shape of a file is checked before its first value is
 * written.
 */

import { WeightsError } from '../errors.ts';
import type { ByteSource } from '../platform/types.ts';
import { openWeights } from './formats/open.ts';
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
 * Streams every tensor that has a place into it; of several files, which are one checkpoint, each
 * after the other. Missing tensors are the caller's to find.
 *
 * @throws WeightsError naming the tensor: a broken file, a wrong shape, integers for weights, two
 *   tensors for one place; nothing of a file is written unless its header and all its shapes are right,
 *   except of formats that say shapes as they go: there nothing of a tensor is
 */
export async function loadWeights(
  sources: ByteSource | AsyncIterable<ByteSource>,
  place: PlaceTensor,
  { signal }: LoadOptions = {},
): Promise<LoadReport> {
  const report: LoadReport = { loaded: [], unexpected: [] };
  const taken = new Map<Destination, string>();
  for await (const source of 'stream' in sources ? [sources] : sources) {
    signal?.throwIfAborted();
    const file = await openWeights(source);
    try {
      const homes = new Map<TensorInfo, Destination | undefined>();
      // Not through `has`: an error's stack would hold that closure, and with it the engine.
      for (const tensor of file.tensors) homes.set(tensor, homeOf(tensor, place, taken));
      const has = (tensor: TensorInfo): boolean => {
        if (!homes.has(tensor)) homes.set(tensor, homeOf(tensor, place, taken));
        return homes.get(tensor) !== undefined;
      };
      for await (const { tensor, firstRow, rows, bytes } of file.read({ has })) {
        signal?.throwIfAborted();
        homes.get(tensor)!.write(firstRow, rows, bytes, tensor.dtype as FloatDtype);
      }
      for (const [{ name }, home] of homes) {
        (home ? report.loaded : report.unexpected).push(name);
      }
    } finally {
      await file.close();
    }
  }
  return report;
}

/** Where a tensor goes, if anywhere; `taken`: the places filled so far, by any file. */
function homeOf(
  tensor: TensorInfo,
  place: PlaceTensor,
  taken: Map<Destination, string>,
): Destination | undefined {
  const home = place(tensor.name, tensor);
  if (home === undefined) return undefined;
  checkFit(tensor, home);
  const other = taken.get(home);
  if (other !== undefined) {
    throw new WeightsError(
      `Cannot load weights: tensors ${quote(other)} and ${quote(tensor.name)} are the same parameter, expected one`,
    );
  }
  taken.set(home, tensor.name);
  return home;
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
