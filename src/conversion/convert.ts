/** A checkpoint in fewer bits, with how far its answers are from fp32: what `mobilebert convert` writes. */

import { type CalibrationOptions, calibration } from '../calibration/calibrate.ts';
import { MobileBertConfig } from '../config/config.ts';
import { openFiles } from '../hub/files.ts';
import type { Source } from '../hub/source.ts';
import type { EncoderInputs } from '../models/call/inputs.ts';
import { type Architecture, architectureOf } from '../models/heads/architectures.ts';
import type { MobileBertModel } from '../models/heads/mobilebert-model.ts';
import { conversionOf } from '../models/model-info.ts';
import type { FromPretrainedOptions } from '../models/options.ts';
import { Tensor } from '../tensor/tensor.ts';
import { probeIds } from './probes.ts';
import { largestError } from './relative-error.ts';

/** What a checkpoint can be converted to. */
export type SmallDtype = 'q8' | 'fp16';

/** Options of `convert`. */
export interface ConvertOptions extends Omit<FromPretrainedOptions, 'dtype'> {
  /** Ids of texts that the error is measured on; default: words from all over the vocabulary. */
  readonly probes?: readonly (readonly number[])[] | undefined;
  /** q8: calibrates the weights, which takes about two minutes and halves the error; default: nearest. */
  readonly calibrate?: CalibrationOptions | undefined;
}

/** A converted checkpoint. */
export interface Converted {
  /** The class that the checkpoint was read as. */
  readonly architecture: string;
  /** Largest relative L2 error of an output against fp32, over all probes. */
  readonly relativeError: number;
  /** Files by name, each in chunks that are valid until the next. */
  readonly files: Readonly<Record<string, Iterable<Uint8Array>>>;
}

/**
 * Reads a checkpoint in fp32 and in `dtype`, as the class that config.json names (MobileBertModel where
 * it names none), and compares the answers. q8 gives `model.q8.safetensors`; fp16 gives
 * `model.safetensors`, F16 as Python opens it, and the config.json that says so.
 *
 * @throws what `from_pretrained` throws
 */
export async function convert(
  source: Source,
  dtype: SmallDtype,
  { probes, calibrate, ...options }: ConvertOptions = {},
): Promise<Converted> {
  const files = await openFiles(source, options);
  const config = await MobileBertConfig.fromFiles(files);
  const architecture = architectureOf(config.architectures);
  const P = config.max_position_embeddings;
  const inputs = (probes ?? probeIds(config)).map((ids) => inputsOf(ids.slice(0, P), architecture));
  const { Class } = architecture;
  const exact = await Class.from_pretrained(source, { ...options, dtype: 'fp32' });
  const expected = await answers(exact, inputs);
  // Only calibration needs both in memory at once.
  if (!calibrate) await exact.dispose();
  const model = await Class.from_pretrained(source, { ...options, dtype });
  if (calibrate) {
    await model.calibrate(exact, calibration({ signal: options.signal, ...calibrate }));
    await exact.dispose();
  }
  const measure = async (small: MobileBertModel) =>
    largestError(await answers(small, inputs), expected);
  if (dtype === 'q8') {
    const relativeError = await measure(model);
    const info = await model.info();
    const conversion = { relativeError, calibration: info.calibration };
    const metadata = conversionOf(architecture.name, conversion);
    const chunks = await model.packed(metadata);
    const files = { 'model.q8.safetensors': chunks };
    return { architecture: architecture.name, relativeError, files };
  }
  const saved = await model.save_files();
  await model.dispose();
  // Of the file, whose vectors are halves too.
  const { variant, wasm } = options;
  const again = await Class.from_pretrained(saved, { variant, wasm, dtype });
  const relativeError = await measure(again);
  const chunks = Object.entries(saved).map(([name, content]) => [name, [content]]);
  return { architecture: architecture.name, relativeError, files: Object.fromEntries(chunks) };
}

function inputsOf(ids: readonly number[], { name }: Architecture): EncoderInputs {
  return { input_ids: name === 'MobileBertForMultipleChoice' ? [[ids]] : [ids] };
}

/** Every output of every call, as numbers by name. */
async function answers(
  model: MobileBertModel,
  inputs: readonly EncoderInputs[],
): Promise<Map<string, Float32Array>[]> {
  const all: Map<string, Float32Array>[] = [];
  for (const input of inputs) {
    const tensors = Object.entries(await model(input)).filter(
      ([, value]) => value instanceof Tensor,
    );
    all.push(new Map(tensors.map(([name, { data }]) => [name, data as Float32Array])));
  }
  return all;
}
