/**
 * A q8 model's weights rounded anew, layer by layer, so that it answers texts as the exact model does.
 * In: both models, texts. Out: integers, scales and biases in the q8 model.
 */

import type { Request } from '../engine/engine.ts';
import { rawBytes } from '../engine/packed/packed-bytes.ts';
import { Panels } from '../engine/packed/panels.ts';
import { dimensionsOf } from '../models/dimensions.ts';
import { packedTensors } from '../models/load/packed.ts';
import type { Target } from '../models/load/placement.ts';
import type { Calibration } from '../models/pretrained-model.ts';
import { parameters } from '../weights/names.ts';
import { rowsOf } from '../weights/tensor-info.ts';
import {
  CalibrationEngine,
  type LayerPlace,
  type LayerSums,
  type RoundedLayer,
} from './calibration-engine.ts';
import { embeddedRows } from './embedded-rows.ts';
import { type ExactLayer, fitLayer, meanBias, refitLayer } from './fit-layer.ts';
import { type CalibrationText, enoughTexts, randomTexts } from './texts.ts';

/** On what weights are calibrated. */
export interface CalibrationOptions {
  /** Texts like those that the model will read, 8,000 to 16,000 words; default: random words. */
  readonly texts?: readonly CalibrationText[] | undefined;
  /** Seed of random words, default 1: the same seed gives the same weights, on every machine. */
  readonly seed?: number | undefined;
  /** Told of every block that is done. */
  readonly onLayer?: ((done: number, layers: number) => void) | undefined;
  /** Checked between blocks; a model that was stopped is of no use. */
  readonly signal?: AbortSignal | undefined;
}

/** Layers that keep their f32, or their rounding to nearest: a decoder's scales are its words'. */
const LEFT_ALONE: readonly string[] = [
  'EmbeddingTransformation',
  'SequenceHead',
  'TokenHead',
  'LmDecoder',
  'LmDense',
];

type Rows = Omit<Request, 'outputs'>;

/**
 * What a model's `calibrate` takes: about half the error of rounding to nearest, in about two minutes
 * (docs/accuracy.md). It throws InputError for texts without words, or words that the model does not have,
 * and RangeError for weights that are not finite, or memory that does not suffice.
 */
export function calibration(options: CalibrationOptions = {}): Calibration {
  return (rounded, exact) => calibrate(rounded, exact, options);
}

async function calibrate(
  rounded: Target,
  exact: Target,
  { texts, seed = 1, onLayer, signal }: CalibrationOptions,
): Promise<string> {
  checkPair(rounded, exact);
  const { config, parts } = exact;
  const some = texts ? enoughTexts(texts, config, seed) : randomTexts(config, seed);
  const request = requestOf(some, config.max_position_embeddings);
  await correctEmbeddings(rounded, exact, request);
  const engine = await CalibrationEngine.forModel(dimensionsOf(config, parts, 'fp32'));
  const copies = packedTensors({ ...exact, engine }, rawBytes);
  for (const [name, bytes] of packedTensors(exact, rawBytes)) {
    copies.get(name)!.write(0, bytes.read());
  }
  engine.seal();
  const places = placesOf(exact);
  const hidden = [exact, rounded].map((target) => embeddedRows(target, request, true));
  const [first, second] = await Promise.all(hidden);
  engine.open(request.lengths, first!, second!, places);
  const fit = (place: LayerPlace, sums: LayerSums) => {
    const layer = named(place, () => fitLayer(exactLayer(exact, rounded, place), sums));
    write(rounded, place, layer);
    return layer;
  };
  const layers = config.num_hidden_layers;
  for (let layer = 0; layer < layers; layer++) {
    // A turn of the event loop, for progress and signals.
    await new Promise((resume) => setTimeout(resume));
    signal?.throwIfAborted();
    engine.runBlock(layer, fit);
    onLayer?.(layer + 1, layers);
  }
  for (const place of places) {
    if (place.slot === 'LmTransform') fit(place, engine.headSums(place, 'all'));
    if (place.slot === 'Pooler') refit(rounded, exact, place, poolerSums(engine, place));
  }
  return `${request.lengths.length} texts, ${request.positionIds.length} tokens`;
}

function checkPair(rounded: Target, exact: Target): void {
  if (rounded.dtype !== 'q8' || exact.dtype !== 'fp32') {
    throw new TypeError(
      `Cannot calibrate: the models are "${rounded.dtype}" and "${exact.dtype}", expected "q8" and "fp32"`,
    );
  }
  const [own, other] = [rounded, exact].map(({ config, parts }) =>
    JSON.stringify(dimensionsOf(config, parts, 'q8')),
  );
  if (own === other) return;
  throw new TypeError(
    `Cannot calibrate: the models have dimensions ${own} and ${other}, expected one checkpoint's`,
  );
}

/** What `fit` gives; an error of it says of which layer it is. */
function named<T>(place: LayerPlace, fit: () => T): T {
  try {
    return fit();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new RangeError(
      `Cannot calibrate ${place.slot} of layer ${place.layer}: found numbers that are not finite`,
      { cause },
    );
  }
}

/**
 * The pooler reads each text's first row, and has more inputs than there are texts: their sums are joined
 * by those of all rows, evenly. Means are of the first rows alone.
 */
function poolerSums(engine: CalibrationEngine, place: LayerPlace): LayerSums {
  const all = engine.headSums(place, 'all');
  const first = engine.headSums(place, 'first');
  const middle = (a: Float64Array, b: Float64Array) => a.map((value, i) => (value + b[i]!) / 2);
  return {
    ...first,
    covariance: middle(first.covariance, all.covariance),
    cross: middle(first.cross, all.cross),
  };
}

/** The layers that are fitted. */
function placesOf({ config, parts }: Target): LayerPlace[] {
  return [...parameters(config, parts)].flatMap(({ places: [place], shape, kept }) => {
    if (!place || shape.length < 2 || place.part === 'bias') return [];
    if (place.slot.endsWith('Embeddings') || LEFT_ALONE.includes(place.slot)) return [];
    const { rows, rowSize } = rowsOf(kept ? shape.with(kept.axis, kept.size) : shape);
    const { slot, layer, network } = place;
    return [{ slot, layer, network, inputs: rowSize, outputs: rows }];
  });
}

function exactLayer(exact: Target, rounded: Target, place: LayerPlace): ExactLayer {
  const { inputs: K, outputs: N } = place;
  const weights = new Float64Array(K * N);
  const bias = new Float32Array(N);
  exact.engine.openWeights(() => {
    const panels = new Panels(exact.engine, place, N);
    for (let k = 0, i = 0; k < K; k++) {
      for (let n = 0; n < N; n++, i++) weights[i] = panels.weight(n, k);
    }
    for (let n = 0; n < N; n++) bias[n] = panels.bias(n);
  });
  const factors = rounded.engine.openWeights(() => {
    const panels = new Panels(rounded.engine, place, N);
    return Float32Array.from({ length: K }, (_, k) => panels.factor(k));
  });
  return { weights, bias, factors };
}

/** The pooler's 16 bits need no help but with the errors of what they read. */
function refit(rounded: Target, exact: Target, place: LayerPlace, sums: LayerSums): void {
  const { inputs: K, outputs: N } = place;
  const layer = exactLayer(exact, rounded, place);
  const goal = named(place, () => refitLayer(layer, sums));
  const rows = Float32Array.from(goal, (_, i) => goal[(i % K) * N + Math.floor(i / K)]!);
  const { engine } = rounded;
  engine.openWeights(() => {
    engine.store({ ...place, part: 'weight' }, 0, N, new Uint8Array(rows.buffer), 'F32');
    const panels = new Panels(engine, place, N);
    const bias = meanBias(layer, sums, (i, n) => panels.weight(n, Math.floor(i / N)));
    bias.forEach((b, n) => {
      panels.setBias(n, b);
    });
  });
}

function write({ engine }: Target, place: LayerPlace, layer: RoundedLayer): void {
  const { inputs: K, outputs: N } = place;
  engine.openWeights(() => {
    const panels = new Panels(engine, place, N);
    for (let n = 0; n < N; n++) {
      panels.setBias(n, layer.bias[n]!);
      panels.setScale(n, layer.scales[n]!);
      for (let k = 0; k < K; k++) panels.setNumber(n, k, layer.numbers[k * N + n]!);
    }
  });
}

/** Gives embedded rows the exact model's means, by the bias of the transformation. */
async function correctEmbeddings(rounded: Target, exact: Target, request: Rows): Promise<void> {
  const { trigram_input, embedding_size, hidden_size: H } = exact.config;
  if (!trigram_input && embedding_size === H) return;
  const [goal, found] = await Promise.all(
    [exact, rounded].map((target) => embeddedRows(target, request, false)),
  );
  const sums = new Float64Array(H);
  for (let i = 0; i < goal!.length; i++) sums[i % H]! += goal![i]! - found![i]!;
  const place = { slot: 'EmbeddingTransformation', layer: 0, network: 0 } as const;
  const rows = goal!.length / H;
  rounded.engine.openWeights(() => {
    const panels = new Panels(rounded.engine, place, H);
    sums.forEach((sum, n) => {
      panels.setBias(n, panels.bias(n) + sum / rows);
    });
  });
}

/** Texts one behind the other; what the model has no position for is left out. */
function requestOf(texts: readonly CalibrationText[], longest: number): Rows {
  const some = texts.map(({ ids, types }) => ({
    ids: ids.slice(0, longest),
    types: types?.slice(0, longest),
  }));
  return {
    lengths: Int32Array.from(some, ({ ids }) => ids.length),
    inputIds: Int32Array.from(some.flatMap(({ ids }) => ids)),
    tokenTypeIds: Int32Array.from(some.flatMap(({ ids, types }) => types ?? ids.map(() => 0))),
    positionIds: Int32Array.from(some.flatMap(({ ids }) => ids.map((_, i) => i))),
    attentionMask: Int32Array.from(some.flatMap(({ ids }) => ids.map(() => 1))),
  };
}
