/**
 * The golden cases of test/golden/models: a checkpoint, one call, and Hugging Face's float64
 * outputs. In: the name of a case. Out: its configuration, weights, inputs, outputs and PyTorch's
 * own float32 error. The safetensors reader is separate from the project's, so that the latter does
 * not judge itself.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Data of a golden file: F32, F64 and I64. */
export type GoldenData = Float32Array | Float64Array | BigInt64Array;

/** A tensor of a golden file, row-major. */
export interface GoldenTensor<D extends GoldenData = GoldenData> {
  readonly shape: readonly number[];
  readonly data: D;
}

/** One case of test/golden/models. */
export interface GoldenCase {
  readonly name: string;
  /** What the case tests, in a few words. */
  readonly what: string;
  /** Hugging Face's class, such as `MobileBertForMaskedLM`. */
  readonly head: string;
  /** False for a `MobileBertModel` without pooling layer. Heads ignore it. */
  readonly addPoolingLayer: boolean;
  /**
   * Folder with `config.json` and `model.safetensors`, for `from_pretrained`; cases may share one.
   */
  readonly folder: string;
  /** `config.json`, parsed. */
  readonly config: Readonly<Record<string, unknown>>;
  /** `model.safetensors` under its own names, F32. */
  readonly weights: ReadonlyMap<string, GoldenTensor<Float32Array>>;
  /**
   * Arguments by Hugging Face's names: ids, masks and class labels I64; `inputs_embeds` and float
   * labels F32.
   */
  readonly inputs: ReadonlyMap<string, GoldenTensor<BigInt64Array | Float32Array>>;
  /**
   * Outputs by Hugging Face's names, F64; tuples as `hidden_states.0`, `attentions.0` and so on.
   */
  readonly outputs: ReadonlyMap<string, GoldenTensor<Float64Array>>;
  /** Relative L2 error of PyTorch's own float32, by output. */
  readonly float32Error: Readonly<Record<string, number>>;
}

const MODELS = path.resolve('test/golden/models');

/** Names of all cases, in alphabetical order. */
export function listCases(): string[] {
  return readdirSync(MODELS, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

/** Reads one case. A few milliseconds. */
export function loadCase(name: string): GoldenCase {
  return loadCaseOf(MODELS, name);
}

/** Reads one case of a folder that is laid out as test/golden/models. */
export function loadCaseOf(root: string, name: string): GoldenCase {
  const record = readJson(`${root}/${name}/case.json`);
  const folder = `${root}/${record.checkpoint}`;
  const golden = [...readSafetensors(`${root}/${name}/golden.safetensors`)];
  const part = <T>(prefix: string) =>
    new Map(
      golden
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, tensor]) => [key.slice(prefix.length), tensor as T]),
    );
  return {
    name,
    what: String(record.what),
    head: String(record.head),
    addPoolingLayer: record.addPoolingLayer === true,
    folder,
    config: readJson(`${folder}/config.json`),
    weights: readSafetensors(`${folder}/model.safetensors`) as GoldenCase['weights'],
    inputs: part('inputs.'),
    outputs: part('outputs.'),
    float32Error: record.float32Error as Record<string, number>,
  };
}

/**
 * The largest relative L2 error of an output: 1e-5, or five times PyTorch's own float32 error where
 * that is more.
 */
export function tolerance(golden: GoldenCase, output: string): number {
  return Math.max(1e-5, 5 * (golden.float32Error[output] ?? 0));
}

/** Reads a well-formed safetensors file of F32, F64 and I64 tensors. */
export function readSafetensors(path: string): Map<string, GoldenTensor> {
  const bytes = readFileSync(path);
  const headerLength = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + headerLength)) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  const tensors = new Map<string, GoldenTensor>();
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const [begin, end] = entry.data_offsets.map((offset) => 8 + headerLength + offset);
    // A copy, so that it is aligned.
    const data = makeArray(entry.dtype, new Uint8Array(bytes.subarray(begin, end)).buffer);
    if (data.length !== sizeOf(entry.shape)) throw new Error(`${path}: "${name}" is cut short`);
    tensors.set(name, { shape: entry.shape, data });
  }
  return tensors;
}

/** Number of elements of a shape; 1 for the shape of a scalar, []. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

function makeArray(dtype: string, buffer: ArrayBuffer): GoldenData {
  if (dtype === 'F32') return new Float32Array(buffer);
  if (dtype === 'F64') return new Float64Array(buffer);
  if (dtype === 'I64') return new BigInt64Array(buffer);
  throw new Error(`Golden files hold F32, F64 and I64, found ${dtype}`);
}

function readJson(path: string): Record<string, unknown> {
  return JSON.parse(readFileSync(path, 'utf8'));
}
