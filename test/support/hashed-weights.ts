/**
 * The full-size model with hashed weights: every number is a hash of its tensor's name and its
 * index. In: a tensor's name and shape, or one of the three heads. Out: the float32 numbers of
 * tools/golden/make-full.py, bit for bit, and the goldens of test/golden/full.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type GoldenTensor, readSafetensors, sizeOf } from './golden.ts';
import { hashCounter, hashText } from './hash.ts';
import { carryMassiveToken, type MassiveToken } from './massive-token.ts';
import { carryOutliers, type Outliers } from './outliers.ts';

/** The heads of test/golden/full. */
export type FullHead =
  | 'MobileBertForQuestionAnswering'
  | 'MobileBertForMaskedLM'
  | 'MobileBertForSequenceClassification';

/** One row of tokens through the full-size model. */
export interface FullCall {
  readonly head: FullHead;
  readonly length: number;
  /** `input_ids` and `token_type_ids`, both [1,S]; nothing is masked. */
  readonly inputs: ReadonlyMap<string, GoldenTensor<BigInt64Array>>;
  /**
   * Outputs by Hugging Face's names. MobileBertForMaskedLM has `logits` [1,S,64], the columns in
   * `maskedColumns`, and `row_norms` [1,S], the L2 norm of every full row.
   */
  readonly outputs: ReadonlyMap<string, GoldenTensor<Float64Array>>;
  /** Relative L2 error of PyTorch's own float32, by output. */
  readonly float32Error: Readonly<Record<string, number>>;
}

/** test/golden/full. */
export interface FullGolden {
  readonly calls: readonly FullCall[];
  /** The 64 words whose logits the masked-word goldens hold. */
  readonly maskedColumns: readonly number[];
  /** Sum of all weights' bits modulo 2^32, by head. */
  readonly checksums: Readonly<Record<FullHead, number>>;
}

interface FullRecord {
  numLabels: Partial<Record<FullHead, number>>;
  checksums: Record<FullHead, number>;
  float32Error: Record<string, number>;
  tensors: Record<FullHead, Record<string, number[]>>;
}

const folder = path.resolve('test/golden/full');
const LAYERS = 24;
const INNER_NETWORKS = 3;

/** [pattern, centre, spread]: weights are uniform in centre +- spread. The first match counts. */
const SPREADS: readonly [RegExp, number, number][] = [
  [/LayerNorm\.weight$/, 0.95, 0.1],
  [/bias$/, 0, 0.02],
  [/word_embeddings\.weight$/, 0, 1],
  [/embeddings\.weight$/, 0, 0.5],
];

/** [pattern, gain]: other matrices have variance gain^2 / fan-in. The first match counts. */
const GAINS: readonly [RegExp, number][] = [
  [/\.(query|key)\.weight$/, 2],
  [/\.output\.bottleneck\.dense\.weight$/, 0.25],
  [/\.\d+\.output\.dense\.weight$/, 0.5],
  [/(?:)/, 1],
];

/**
 * The numbers of a tensor: centre + spread * u in float64, rounded once to float32; u is a multiple
 * of 2^-23 in [-1, 1). Four million take about 20 ms.
 */
export function hashedTensor(name: string, shape: readonly number[]): Float32Array<ArrayBuffer> {
  const [centre, spread] = spreadOf(name, shape);
  const seed = hashText(name);
  const data = new Float32Array(sizeOf(shape));
  for (let i = 0; i < data.length; i++) {
    data[i] = centre + spread * ((hashCounter(seed, i) >>> 8) / 2 ** 23 - 1);
  }
  return data;
}

/** `count` integers from 0 to `below` - 1. */
export function hashedIntegers(name: string, count: number, below: number): number[] {
  const seed = hashText(name);
  return Array.from({ length: count }, (_, i) => hashCounter(seed, i) % below);
}

/** Hashed ids of any length; for the lengths of the goldens, their `input_ids`. */
export function hashedIds(length: number, vocabSize = 30522): number[] {
  return hashedIntegers(`input_ids.${length}`, length, vocabSize);
}

/** Fields of config.json that differ from Hugging Face's defaults. */
export function fullConfig(head: FullHead): Record<string, unknown> {
  const names = Array.from({ length: readRecord().numLabels[head] ?? 2 }, (_, i) => `LABEL_${i}`);
  return {
    model_type: 'mobilebert',
    architectures: [head],
    id2label: Object.fromEntries(names.map((label, i) => [i, label])),
    label2id: Object.fromEntries(names.map((label, i) => [label, i])),
  };
}

/** Names and shapes of a head's checkpoint, as Hugging Face saves it. */
export function fullShapes(head: FullHead): Map<string, readonly number[]> {
  const each = (count: number, [name, shape]: [string, number[]], stars: string) =>
    name.includes(`${stars}.*`)
      ? Array.from({ length: count }, (_, i): [string, number[]] => [
          name.replace(`${stars}.*`, `${stars}.${i}`),
          shape,
        ])
      : [[name, shape] as [string, number[]]];
  return new Map(
    Object.entries(readRecord().tensors[head])
      .flatMap((entry) => each(LAYERS, entry, 'layer'))
      .flatMap((entry) => each(INNER_NETWORKS, entry, 'ffn')),
  );
}

/** All weights of a head: about 100 MB, in a few tenths of a second. */
export function hashedWeights(
  head: FullHead,
  token?: MassiveToken,
): Map<string, GoldenTensor<Float32Array>> {
  return new Map(
    Array.from(fullShapes(head), ([name, shape]) => {
      const data = hashedTensor(name, shape);
      if (token) carryMassiveToken(name, shape, data, token);
      return [name, { shape, data }];
    }),
  );
}

/**
 * A head's checkpoint as the chunks of a safetensors file: the header, then one tensor per chunk.
 * `outliers` of the residual stream do not change the function; a massive token makes another one.
 */
export function* hashedSafetensors(
  head: FullHead,
  outliers: Outliers = new Map(),
  token?: MassiveToken,
): Generator<Uint8Array<ArrayBuffer>> {
  const shapes = fullShapes(head);
  const header: Record<string, unknown> = {};
  let offset = 0;
  for (const [name, shape] of shapes) {
    const end = offset + 4 * sizeOf(shape);
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, end] };
    offset = end;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const length = new DataView(new ArrayBuffer(8));
  length.setBigUint64(0, BigInt(text.length), true);
  yield new Uint8Array(length.buffer);
  yield text;
  for (const [name, shape] of shapes) {
    const data = carryOutliers(name, shape, hashedTensor(name, shape), outliers);
    if (token) carryMassiveToken(name, shape, data, token);
    yield new Uint8Array(data.buffer);
  }
}

/** Reads test/golden/full. */
export function loadFull(): FullGolden {
  const { checksums, float32Error } = readRecord();
  const golden = readSafetensors(`${folder}/golden.safetensors`);
  const under = <T>(prefix: string, all: Iterable<[string, T]>) =>
    [...all]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]): [string, T] => [name.slice(prefix.length), value]);
  const prefixes = new Set(Object.keys(float32Error).map((name) => name.replace(/[^.]+$/, '')));
  const calls = Array.from(prefixes, (prefix): FullCall => {
    const [length, head] = prefix.split('.');
    return {
      head: head as FullHead,
      length: Number(length),
      inputs: new Map(under(`${length}.inputs.`, golden)) as FullCall['inputs'],
      outputs: new Map(under(prefix, golden)) as FullCall['outputs'],
      float32Error: Object.fromEntries(under(prefix, Object.entries(float32Error))),
    };
  });
  const columns = golden.get('masked.columns')!.data as BigInt64Array;
  return { calls, maskedColumns: Array.from(columns, Number), checksums };
}

function spreadOf(name: string, shape: readonly number[]): [centre: number, spread: number] {
  const found = SPREADS.find(([pattern]) => pattern.test(name));
  if (found) return [found[1], found[2]];
  // predictions.dense is stored [H - E, V] and read from the left.
  const fanIn = name.endsWith('predictions.dense.weight') ? shape[0] : shape[1];
  const gain = GAINS.find(([pattern]) => pattern.test(name))![1];
  return [0, gain * Math.sqrt(3 / fanIn)];
}

function readRecord(): FullRecord {
  return JSON.parse(readFileSync(`${folder}/full.json`, 'utf8'));
}
