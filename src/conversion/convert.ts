/** Converts a checkpoint to q8 or fp16 and measures its error, for `npx mobilebert-wasm convert`. */

import { type CalibrationOptions, calibration } from '../calibration/calibrate.ts';
import { MobileBertConfig } from '../config/config.ts';
import { openFiles } from '../hub/files.ts';
import type { Source } from '../hub/source.ts';
import type { EncoderInputs } from '../models/call/inputs.ts';
import { type Architecture, architectureOf } from '../models/heads/architectures.ts';
import type { MobileBertModel } from '../models/heads/mobilebert-model.ts';
import type { FromPretrainedOptions } from '../models/options.ts';
import { conversionMetadata } from '../models/save/save.ts';
import { Tensor } from '../tensor/tensor.ts';
import { type Answer, largestError, probeIds } from './probes.ts';

/** The dtypes that a checkpoint can be converted to. */
export type SmallDtype = 'q8' | 'fp16';

/** Options of `convert`. */
export interface ConvertOptions extends Omit<FromPretrainedOptions, 'dtype'> {
  /** Token ids of the texts that the error is measured on; default: `probeIds`. */
  readonly probes?: readonly (readonly number[])[] | undefined;
  /**
   * Calibrates q8 weights, which takes about two minutes and halves the error. Default: weights are
   * rounded to nearest.
   */
  readonly calibrate?: CalibrationOptions | undefined;
}

/** A converted checkpoint, its error and its files. */
export interface Converted {
  /** Name of the class that the checkpoint was loaded as. */
  readonly architecture: string;
  /** The largest relative L2 error of any output against fp32, over all probes. */
  readonly relativeError: number;
  /** Files by name, in chunks. A chunk is valid until the next one is taken. */
  readonly files: Readonly<Record<string, Iterable<Uint8Array>>>;
}

/**
 * Loads a checkpoint in fp32 and in `dtype`, as the class that config.json names (MobileBertModel
 * where it names none), and compares the outputs. q8 gives `model.q8.safetensors`. fp16 gives
 * `model.safetensors` with F16 tensors, which Python loads too, and a config.json with that dtype.
 *
 * @throws what `from_pretrained` throws; what `calibrate` of a model throws
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
    const metadata = conversionMetadata(architecture.name, conversion);
    const chunks = await model.packed(metadata);
    const files = { 'model.q8.safetensors': chunks };
    return { architecture: architecture.name, relativeError, files };
  }
  const saved = await model.save_files();
  await model.dispose();
  // Measured on the saved file: there vectors are F16 too.
  const { variant, wasm } = options;
  const reloaded = await Class.from_pretrained(saved, { variant, wasm, dtype });
  const relativeError = await measure(reloaded);
  const chunks = Object.entries(saved).map(([name, content]) => [name, [content]]);
  return { architecture: architecture.name, relativeError, files: Object.fromEntries(chunks) };
}

function inputsOf(ids: readonly number[], { name }: Architecture): EncoderInputs {
  return { input_ids: name === 'MobileBertForMultipleChoice' ? [[ids]] : [ids] };
}

/** The outputs of every call. */
async function answers(
  model: MobileBertModel,
  inputs: readonly EncoderInputs[],
): Promise<Answer[]> {
  const all: Answer[] = [];
  for (const input of inputs) {
    const tensors = Object.entries(await model(input)).filter(
      ([, value]) => value instanceof Tensor,
    );
    all.push(new Map(tensors.map(([name, { data }]) => [name, data as Float32Array])));
  }
  return all;
}
