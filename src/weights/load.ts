/**
 * loadWeights(): files of weights -> destinations, tensor by tensor as they stream in. Knows no
 * model: the caller maps names to destinations. The shapes that a file declares are all checked
 * before its first value is written.
 */

import { WeightsError } from '../errors.ts';
import type { ByteSource } from '../platform/types.ts';
import { halvesOf, isFloat8 } from './float8.ts';
import { openWeights } from './formats/open.ts';
import {
  type Destination,
  type FloatDtype,
  quote,
  showShape,
  type TensorInfo,
} from './tensor-info.ts';

export type { Destination, TensorInfo } from './tensor-info.ts';

/** The destination of a tensor; undefined where the model has no parameter of the name. */
export type DestinationOf = (name: string, info: TensorInfo) => Destination | undefined;

/** Names of the tensors that were written to a destination, and of those that had none. */
export interface LoadReport {
  readonly loaded: string[];
  readonly unexpected: string[];
  /** What readers chose or left out, as sentences. */
  readonly notes: string[];
}

/** Options of `loadWeights`. */
export interface LoadOptions {
  /** Stops loading; destinations may then be partly written. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Streams every tensor that has a destination into it. The files of one checkpoint are read one
 * after the other. To find missing tensors is left to the caller.
 *
 * @throws WeightsError that names the tensor, for a broken file, a wrong shape, integers as weights
 *   and two tensors for one destination. Nothing is written before all shapes that the file
 *   declares are known to be right; in a format without declarations, before the tensor's own shape
 *   is
 */
export async function loadWeights(
  sources: ByteSource | AsyncIterable<ByteSource>,
  destinationOf: DestinationOf,
  { signal }: LoadOptions = {},
): Promise<LoadReport> {
  const report: LoadReport = { loaded: [], unexpected: [], notes: [] };
  /** Name of the tensor in each destination, of all files. */
  const taken = new Map<Destination, string>();
  for await (const source of 'stream' in sources ? [sources] : sources) {
    signal?.throwIfAborted();
    const file = await openWeights(source);
    report.notes.push(...(file.notes ?? []));
    try {
      const destinations = new Map<TensorInfo, Destination | undefined>();
      // Not by calling `has`: the stack of an error would hold that closure, and with it the
      // engine.
      for (const tensor of file.tensors) {
        destinations.set(tensor, checkedDestination(tensor, destinationOf, taken));
      }
      const has = (tensor: TensorInfo): boolean => {
        if (!destinations.has(tensor)) {
          destinations.set(tensor, checkedDestination(tensor, destinationOf, taken));
        }
        return destinations.get(tensor) !== undefined;
      };
      for await (const { tensor, firstRow, rows, bytes } of file.read({ has })) {
        signal?.throwIfAborted();
        const { dtype } = tensor;
        const to = destinations.get(tensor)!;
        if (isFloat8(dtype)) to.write(firstRow, rows, halvesOf(bytes, dtype), 'F16');
        else to.write(firstRow, rows, bytes, dtype as FloatDtype);
      }
      for (const [{ name }, destination] of destinations) {
        (destination ? report.loaded : report.unexpected).push(name);
      }
    } finally {
      await file.close();
    }
  }
  return report;
}

/** The destination of a tensor, if it has one and fits; `taken`: the destinations in use. */
function checkedDestination(
  tensor: TensorInfo,
  destinationOf: DestinationOf,
  taken: Map<Destination, string>,
): Destination | undefined {
  const destination = destinationOf(tensor.name, tensor);
  if (destination === undefined) return undefined;
  checkFit(tensor, destination.shape);
  const other = taken.get(destination);
  if (other !== undefined) {
    throw new WeightsError(
      `Cannot load weights: tensors ${quote(other)} and ${quote(tensor.name)} are the same parameter, expected one`,
    );
  }
  taken.set(destination, tensor.name);
  return destination;
}

function checkFit({ name, dtype, shape }: TensorInfo, expected: readonly number[]): void {
  if (!['F64', 'F32', 'F16', 'BF16'].includes(dtype) && !isFloat8(dtype)) {
    throw new WeightsError(
      `Cannot load weights: tensor ${quote(name)} has dtype ${dtype}, expected F64, F32, F16, BF16, F8_E4M3 or F8_E5M2`,
    );
  }
  const fits = shape.length === expected.length && shape.every((n, i) => n === expected[i]);
  if (fits) return;
  throw new WeightsError(
    `Cannot load weights: tensor ${quote(name)} has shape ${showShape(shape)}, expected ${showShape(expected)}`,
  );
}
