/** A checkpoint in q8, with how far its answers are from fp32: what `mobilebert convert` writes. */

import { MobileBertConfig } from '../config.ts';
import { openFiles } from '../hub/files.ts';
import type { Source } from '../hub/source.ts';
import { Tensor } from '../tensor/tensor.ts';
import * as classification from './classification.ts';
import type { EncoderInputs } from './inputs.ts';
import { MobileBertModel } from './mobilebert-model.ts';
import type { FromPretrainedOptions } from './options.ts';
import * as pretraining from './pretraining.ts';
import { MobileBertForQuestionAnswering } from './question-answering.ts';

/** A converted checkpoint. */
export interface Converted {
  /** The class that the checkpoint was read as. */
  readonly architecture: string;
  /** Largest relative L2 error of an output against fp32, over the probes. */
  readonly relativeError: number;
  /** Chunks of `model.q8.safetensors`, each valid until the next. */
  readonly chunks: Iterable<Uint8Array>;
}

/** By their names; all of them load and are called alike. */
const CLASSES = {
  ...classification,
  ...pretraining,
  MobileBertForQuestionAnswering,
  MobileBertModel,
} as unknown as Readonly<Record<string, typeof MobileBertModel>>;

/** Probes: texts of this many words drawn from all over the vocabulary. */
const PROBES = { texts: 4, length: 24 };

/**
 * Reads a checkpoint twice, in fp32 and in q8, as the class that config.json names (MobileBertModel where
 * it names none), and compares the answers.
 *
 * @throws what `from_pretrained` throws
 */
export async function convertToQ8(
  source: Source,
  options: FromPretrainedOptions = {},
): Promise<Converted> {
  const files = await openFiles(source, options);
  const config = await MobileBertConfig.fromFiles(files);
  const { architectures } = (await files.json('config.json')) as { architectures?: unknown };
  const named = Array.isArray(architectures) ? String(architectures[0]) : '';
  const architecture = Object.hasOwn(CLASSES, named) ? named : 'MobileBertModel';
  const Class = CLASSES[architecture]!;
  const inputs = probes(config, architecture);
  const exact = await Class.from_pretrained(source, { ...options, dtype: 'fp32' });
  const expected = await exact(inputs);
  await exact.dispose();
  const model = await Class.from_pretrained(source, { ...options, dtype: 'q8' });
  const relativeError = largestError(await model(inputs), expected);
  const metadata = { architecture, relative_error: relativeError.toPrecision(3) };
  return { architecture, relativeError, chunks: await model.packed(metadata) };
}

function probes(config: MobileBertConfig, architecture: string): EncoderInputs {
  const length = Math.min(PROBES.length, config.max_position_embeddings);
  // A stride that shares no factor with most sizes visits words of every kind.
  const word = (i: number) => (7919 * (i + 1)) % config.vocab_size;
  const texts = Array.from({ length: PROBES.texts }, (_, text) =>
    Array.from({ length }, (_, i) => word(text * length + i)),
  );
  const isChoice = architecture === 'MobileBertForMultipleChoice';
  return { input_ids: isChoice ? [texts] : texts };
}

/** Relative L2 of the worst output; tensors only, and no loss, since there are no labels. */
function largestError(found: object, expected: object): number {
  let largest = 0;
  for (const [name, tensor] of Object.entries(expected)) {
    const other = (found as Record<string, unknown>)[name];
    if (!(tensor instanceof Tensor && other instanceof Tensor)) continue;
    const [a, b] = [other.data as Float32Array, tensor.data as Float32Array];
    let [error, norm] = [0, 0];
    for (let i = 0; i < b.length; i++) {
      error += (a[i]! - b[i]!) ** 2;
      norm += b[i]! ** 2;
    }
    largest = Math.max(largest, Math.sqrt(error / (norm || 1)));
  }
  return largest;
}
