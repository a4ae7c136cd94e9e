/**
 * A q8 model's weights rounded anew, layer by layer, so that it answers texts as the exact model
 * does. In: both models, texts. Out: integers, scales and biases in the q8 model.
 */

import type { Request } from '../engine/engine.ts';
import { decodeInputs } from '../engine/packed/outliers.ts';
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
  type LayerSlot,
  type LayerSums,
  type RoundedLayer,
} from './calibration-engine.ts';
import { embeddedRows } from './embedded-rows.ts';
import { type ExactLayer, fitLayer, meanBias, refitLayer } from './fit-layer.ts';
import { type CalibrationText, enoughTexts, randomTexts } from './texts.ts';

/** Options of `calibration`. */
export interface CalibrationOptions {
  /** Texts like those that the model will read, 8,000 to 16,000 words; default: random words. */
  readonly texts?: readonly CalibrationText[] | undefined;
  /** Seed of random words, default 1: the same seed gives the same weights, on every machine. */
  readonly seed?: number | undefined;
  /** Called after every block. */
  readonly onLayer?: ((done: number, layers: number) => void) | undefined;
  /** Checked between blocks. A model whose calibration was stopped is of no use. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Layers that are not fitted: they are f32 or 16 bits, or their scales belong to words (the
 * decoder).
 */
const LEFT_ALONE: readonly string[] = [
  'EmbeddingTransformation',
  'SequenceHead',
  'TokenHead',
  'LmDecoder',
  'LmDense',
];

type Rows = Omit<Request, 'outputs'>;

/**
 * Makes the argument of a model's `calibrate`. Calibration takes about two minutes and about halves
 * the error of rounding to nearest (docs/accuracy.md). It throws InputError for texts without words
 * or with words that the model does not have, and RangeError for weights that are not finite or
 * memory that does not suffice.
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
  const fitted = fittedLayers(exact);
  const massive = massiveChannels(rounded, fitted);
  await correctEmbeddings(rounded, exact, request, massive);
  const engine = await CalibrationEngine.forModel(dimensionsOf(config, parts, 'fp32'));
  const copies = packedTensors({ ...exact, engine }, rawBytes);
  for (const [name, bytes] of packedTensors(exact, rawBytes)) {
    copies.get(name)!.write(0, bytes.read());
  }
  engine.seal();
  const hidden = [exact, rounded].map((target) => embeddedRows(target, request, true));
  const [first, second] = await Promise.all(hidden);
  engine.open(request.lengths, first!, second!, fitted);
  const fit = (at: LayerSlot, sums: LayerSums) => {
    const usable = at.slot === 'OutputBottleneck' ? withoutOutputs(sums, massive) : sums;
    const layer = named(at, () => fitLayer(exactLayer(exact, rounded, at), usable));
    write(rounded, at, layer);
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
  for (const at of fitted) {
    if (at.slot === 'LmTransform') fit(at, engine.headSums(at, 'all'));
    if (at.slot === 'Pooler') refit(rounded, exact, at, poolerSums(engine, at));
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

/**
 * Channels of the residual stream that carry massive activations: those that the rounded model reads
 * by weights in f32.
 */
function massiveChannels({ engine }: Target, layers: readonly LayerSlot[]): ReadonlySet<number> {
  const readers = layers.filter(({ slot }) => slot === 'InputBottleneck');
  return new Set(
    readers.flatMap((at) =>
      decodeInputs(engine.outliers(at), at.outputs).map(({ input }) => input),
    ),
  );
}

/**
 * Sums by which some outputs are not corrected. The massive number of one token is a few units off,
 * and a correction of the mean would move that channel of all other tokens.
 */
function withoutOutputs(sums: LayerSums, outputs: ReadonlySet<number>): LayerSums {
  const N = sums.errorMeans.length;
  const cross = sums.cross.map((sum, i) => (outputs.has(i % N) ? 0 : sum));
  const errorMeans = sums.errorMeans.map((mean, n) => (outputs.has(n) ? 0 : mean));
  return outputs.size > 0 ? { ...sums, cross, errorMeans } : sums;
}

/** Runs `fit`; its errors name the layer. */
function named<T>(at: LayerSlot, fit: () => T): T {
  try {
    return fit();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new RangeError(
      `Cannot calibrate ${at.slot} of layer ${at.layer}: found numbers that are not finite`,
      { cause },
    );
  }
}

/**
 * The pooler reads the first row of each text and has more inputs than there are texts. So its sums
 * are the average of those over first rows and those over all rows. Its means are those of first
 * rows alone.
 */
function poolerSums(engine: CalibrationEngine, at: LayerSlot): LayerSums {
  const all = engine.headSums(at, 'all');
  const first = engine.headSums(at, 'first');
  const middle = (a: Float64Array, b: Float64Array) => a.map((value, i) => (value + b[i]!) / 2);
  return {
    ...first,
    covariance: middle(first.covariance, all.covariance),
    cross: middle(first.cross, all.cross),
  };
}

/** The layers that are fitted. */
function fittedLayers({ config, parts }: Target): LayerSlot[] {
  return [...parameters(config, parts)].flatMap(({ slots: [at], shape, kept }) => {
    if (!at || shape.length < 2 || at.part === 'bias') return [];
    if (at.slot.endsWith('Embeddings') || LEFT_ALONE.includes(at.slot)) return [];
    const { rows, rowSize } = rowsOf(kept ? shape.with(kept.axis, kept.size) : shape);
    const { slot, layer, network } = at;
    return [{ slot, layer, network, inputs: rowSize, outputs: rows }];
  });
}

function exactLayer(exact: Target, rounded: Target, at: LayerSlot): ExactLayer {
  const { inputs: K, outputs: N } = at;
  const weights = new Float64Array(K * N);
  const bias = new Float32Array(N);
  exact.engine.openWeights(() => {
    const panels = new Panels(exact.engine, at, N);
    for (let k = 0, i = 0; k < K; k++) {
      for (let n = 0; n < N; n++, i++) weights[i] = panels.weight(n, k);
    }
    for (let n = 0; n < N; n++) bias[n] = panels.bias(n);
  });
  const factors = rounded.engine.openWeights(() => {
    const panels = new Panels(rounded.engine, at, N);
    return Float32Array.from({ length: K }, (_, k) => panels.factor(k));
  });
  return { weights, bias, factors };
}

/**
 * The pooler keeps 16 bits. It is refitted only to make up for errors of the rows that it reads.
 */
function refit(rounded: Target, exact: Target, at: LayerSlot, sums: LayerSums): void {
  const { inputs: K, outputs: N } = at;
  const layer = exactLayer(exact, rounded, at);
  const goal = named(at, () => refitLayer(layer, sums));
  const rows = Float32Array.from(goal, (_, i) => goal[(i % K) * N + Math.floor(i / K)]!);
  const { engine } = rounded;
  engine.openWeights(() => {
    engine.store({ ...at, part: 'weight' }, 0, N, new Uint8Array(rows.buffer), 'F32');
    const panels = new Panels(engine, at, N);
    const bias = meanBias(layer, sums, (i, n) => panels.weight(n, Math.floor(i / N)));
    bias.forEach((b, n) => {
      panels.setBias(n, b);
    });
  });
}

function write({ engine }: Target, at: LayerSlot, layer: RoundedLayer): void {
  const { inputs: K, outputs: N } = at;
  engine.openWeights(() => {
    const panels = new Panels(engine, at, N);
    for (let n = 0; n < N; n++) {
      panels.setBias(n, layer.bias[n]!);
      panels.setScale(n, layer.scales[n]!);
      for (let k = 0; k < K; k++) panels.setNumber(n, k, layer.numbers[k * N + n]!);
    }
  });
}

/** Corrects the transformation's bias so that embedded rows have the exact model's means. */
async function correctEmbeddings(
  rounded: Target,
  exact: Target,
  request: Rows,
  massive: ReadonlySet<number>,
): Promise<void> {
  const { trigram_input, embedding_size, hidden_size: H } = exact.config;
  if (!trigram_input && embedding_size === H) return;
  const [goal, found] = await Promise.all(
    [exact, rounded].map((target) => embeddedRows(target, request, false)),
  );
  const sums = new Float64Array(H);
  for (let i = 0; i < goal!.length; i++) sums[i % H]! += goal![i]! - found![i]!;
  const at = { slot: 'EmbeddingTransformation', layer: 0, network: 0 } as const;
  const rows = goal!.length / H;
  rounded.engine.openWeights(() => {
    const panels = new Panels(rounded.engine, at, H);
    sums.forEach((sum, n) => {
      if (massive.has(n)) return;
      panels.setBias(n, panels.bias(n) + sum / rows);
    });
  });
}

/** All texts as one request; each is cut to the model's positions. */
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
