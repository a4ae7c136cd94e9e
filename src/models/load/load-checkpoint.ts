/**
 * Loads a checkpoint's weights into the engine, tensor by tensor as they stream in. A head that the
 * file lacks is initialised as Python does. An encoder that lacks parameters is refused.
 */

import type { MobileBertConfig } from '../../config/config.ts';
import type { Engine } from '../../engine/engine.ts';
import { WeightsError } from '../../errors.ts';
import { warn } from '../../log.ts';
import { loadWeights } from '../../weights/load.ts';
import { isBuffer, type Parameter } from '../../weights/names.ts';
import { initialise } from '../../weights/random.ts';
import { quote } from '../../weights/tensor-info.ts';
import type { FoundWeights } from './find-weights.ts';
import { destination, Placement, type Target } from './placement.ts';

/** What `from_pretrained` found, under Python's names (`output_loading_info`). */
export interface LoadingInfo {
  /** Parameters of the model that the checkpoint lacks; they are newly initialised. */
  readonly missing_keys: string[];
  /** Tensors of the checkpoint that the model has no use for. */
  readonly unexpected_keys: string[];
}

/** The model that is loaded, and how. */
export interface Loading extends Target {
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
}

/** Names of heads. A checkpoint may have another class's head, or none. */
const HEAD_NAME = /^(cls\.|classifier\.|qa_outputs\.|(mobilebert\.)?pooler\.)/;

/**
 * @throws WeightsError for a broken file, a wrong shape (naming tensor, shape and what was expected)
 * or an encoder that lacks parameters
 */
export async function loadCheckpoint(
  { name, sources }: FoundWeights,
  folder: string,
  loading: Loading,
): Promise<LoadingInfo> {
  const checkpoint = new Placement(loading);
  const { unexpected } = await loadWeights(sources, (tensor) => checkpoint.place(tensor), {
    signal: loading.signal,
  });
  return settle(checkpoint.missing(), unexpected, { ...loading, file: name, folder });
}

/** Initialises what a file lacks, where Python would, and warns of it. */
export function settle(
  missing: readonly Parameter[],
  unexpected: readonly string[],
  loading: Loading & { readonly file: string; readonly folder: string },
): LoadingInfo {
  refuseHoles(missing, loading.file);
  initialiseInto(loading.engine, missing, loading.config, loading.seed);
  const info = {
    missing_keys: missing.map(({ name }) => name),
    unexpected_keys: unexpected.filter((tensor) => !isBuffer(tensor)),
  };
  report(info, loading.folder);
  return info;
}

/** Hugging Face's random initialisation of `fresh`, in the engine. */
export function initialiseInto(
  engine: Engine,
  fresh: Iterable<Parameter>,
  config: MobileBertConfig,
  seed: number,
): void {
  const byName = new Map<string, Parameter>();
  for (const parameter of fresh) byName.set(parameter.name, parameter);
  const { initializer_range, pad_token_id } = config;
  initialise(byName.values(), (name) => destination(engine, byName.get(name)!), {
    seed,
    initializer_range,
    pad_token_id,
  });
}

function refuseHoles(missing: readonly Parameter[], file: string): void {
  const holes = missing.map(({ name }) => name).filter((name) => !HEAD_NAME.test(name));
  if (holes.length === 0) return;
  throw new WeightsError(
    `Cannot load weights: "${file}" lacks ${listed(holes)}, expected every parameter of the encoder`,
  );
}

function report({ missing_keys, unexpected_keys }: LoadingInfo, name: string): void {
  if (missing_keys.length > 0) {
    warn(`"${name}" lacks ${listed(missing_keys)}: newly initialised, train before use`);
  }
  const odd = unexpected_keys.filter((key) => !HEAD_NAME.test(key));
  if (odd.length > 0) warn(`"${name}" has tensors the model does not use: ${listed(odd)}`);
}

/** Names as messages show them: quoted, and not more than a few. */
function listed(names: readonly string[]): string {
  const shown = names.slice(0, 5).map(quote);
  if (names.length > 5) shown.push(`and ${names.length - 5} more`);
  return shown.join(', ');
}
