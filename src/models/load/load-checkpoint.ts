/**
 * Loads a checkpoint's weights into the engine, tensor by tensor as they stream in. A head that the
 * file lacks is initialised as Python does. An encoder that lacks parameters is refused.
 */

import type { MobileBertConfig } from '../../config/config.ts';
import type { Engine } from '../../engine/engine.ts';
import { WeightsError } from '../../errors.ts';
import { warn } from '../../log.ts';
import { isBuffer, isHeadName } from '../../weights/checkpoint-names.ts';
import { loadWeights } from '../../weights/load.ts';
import { type Parameter, parameters } from '../../weights/names.ts';
import { initialise } from '../../weights/random.ts';
import { byteSize, quote } from '../../weights/tensor-info.ts';
import type { FoundWeights } from './find-weights.ts';
import { destination, type Mismatch, Placement, type Target } from './placement.ts';

/** What `from_pretrained` found, under Python's names (`output_loading_info`). */
export interface LoadingInfo {
  /** Parameters of the model that the checkpoint lacks; they are newly initialised. */
  readonly missing_keys: string[];
  /** Tensors of the checkpoint that the model has no use for. */
  readonly unexpected_keys: string[];
  /**
   * Parameters whose tensor has another shape, with the shape found and the model's; they are newly
   * initialised. Only with `ignore_mismatched_sizes`.
   */
  readonly mismatched_keys: Mismatch[];
  /** How the checkpoint was read where that is not plain: removed prefixes, the dict chosen. */
  readonly notes: string[];
}

/** The most numbers that are initialised, and as many more for each that a checkpoint has. */
const MOST_FRESH = 2 ** 24;
const MOST_FRESH_EACH = 4;

/** The model that is loaded, and how. */
export interface Loading extends Target {
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
  /** Whether a tensor of another shape is left out, and its parameter newly initialised. */
  readonly mayMismatch?: boolean | undefined;
}

/** What a checkpoint held that is not as it should be. */
export interface Findings {
  readonly unexpected: readonly string[];
  readonly mismatched: readonly Mismatch[];
  readonly notes: readonly string[];
}

/**
 * @throws WeightsError for a broken file, a wrong shape (naming tensor, shape and what was expected)
 * or an encoder that lacks parameters
 */
export async function loadCheckpoint(
  { name, sources }: FoundWeights,
  folder: string,
  loading: Loading,
): Promise<LoadingInfo> {
  const { signal, mayMismatch } = loading;
  const checkpoint = new Placement(loading, mayMismatch);
  const { mismatched } = checkpoint;
  const report = await loadWeights(sources, (tensor, info) => checkpoint.place(tensor, info), {
    signal,
  });
  checkpoint.finish();
  const leftOut = new Set(checkpoint.leftOut());
  const unexpected = report.unexpected.filter((tensor) => !leftOut.has(tensor));
  unexpected.push(...checkpoint.unused());
  refuseScales(checkpoint.scaled(unexpected), name);
  const notes = [...report.notes, ...checkpoint.notes()];
  const found = { unexpected, mismatched, notes };
  return settle(checkpoint.missing(), found, { ...loading, file: name, folder });
}

/** Initialises what a file lacks, where Python would, and warns of it. */
export function settle(
  missing: readonly Parameter[],
  { unexpected, mismatched, notes }: Findings,
  loading: Loading & { readonly file: string; readonly folder: string },
): LoadingInfo {
  const otherShapes = new Set(mismatched.map(([name]) => name));
  const lacking = missing.map(({ name }) => name).filter((name) => !otherShapes.has(name));
  refuseHoles(lacking, unexpected, loading.file);
  refuseEmptiness(missing, loading);
  initialiseInto(loading.engine, missing, loading.config, loading.seed);
  const info = {
    missing_keys: lacking,
    unexpected_keys: unexpected.filter((tensor) => !isBuffer(tensor)),
    mismatched_keys: [...mismatched],
    notes: [...notes],
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

function refuseHoles(
  lacking: readonly string[],
  unexpected: readonly string[],
  file: string,
): void {
  const holes = lacking.filter((name) => !isHeadName(name));
  if (holes.length === 0) return;
  const found =
    unexpected.length > 0 ? `; found ${listed(unexpected)}, which are no parameters` : '';
  const isLora = unexpected.some((name) => /\.lora_[AB]\./.test(name));
  throw new WeightsError(
    `Cannot load weights: "${file}" lacks ${listed(holes)}, expected ${
      isLora ? 'a model whose LoRA matrices were merged' : 'every parameter of the encoder'
    }${found}`,
  );
}

/** A small file with a configuration of large heads must not cost gigabytes of random numbers. */
function refuseEmptiness(
  missing: readonly Parameter[],
  { config, parts, file }: Loading & { readonly file: string },
): void {
  const size = ({ shape }: Parameter) => byteSize(shape, 1);
  const fresh = missing.reduce((sum, parameter) => sum + size(parameter), 0);
  if (fresh <= MOST_FRESH) return;
  let found = -fresh;
  for (const parameter of parameters(config, parts)) found += size(parameter);
  if (fresh <= MOST_FRESH + MOST_FRESH_EACH * found) return;
  throw new WeightsError(
    `Cannot load weights: "${file}" has ${found} numbers of the model and lacks ${fresh}, expected at most ${MOST_FRESH_EACH} for each that it has`,
  );
}

/** Eight-bit floats of a quantised model are not weights without their factors. */
function refuseScales(scaled: readonly string[], file: string): void {
  if (scaled.length === 0) return;
  throw new WeightsError(
    `Cannot load weights: "${file}" has scales for ${listed(scaled)}, expected weights that are not quantised`,
  );
}

function report(info: LoadingInfo, name: string): void {
  const { missing_keys, unexpected_keys, mismatched_keys } = info;
  if (missing_keys.length > 0) {
    warn(`"${name}" lacks ${listed(missing_keys)}: newly initialised, train before use`);
  }
  if (mismatched_keys.length > 0) {
    const names = mismatched_keys.map(([key]) => key);
    warn(`"${name}" has other shapes of ${listed(names)}: newly initialised, train before use`);
  }
  const odd = unexpected_keys.filter((key) => !isHeadName(key));
  if (odd.length > 0) warn(`"${name}" has tensors the model does not use: ${listed(odd)}`);
}

/** Names as messages show them: quoted, and not more than a few. */
function listed(names: readonly string[]): string {
  const shown = names.slice(0, 5).map(quote);
  if (names.length > 5) shown.push(`and ${names.length - 5} more`);
  return shown.join(', ');
}
