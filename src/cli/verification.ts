/**
 * Holds a checkpoint to reference outputs and its smaller dtypes to fp32, for `mobilebert-wasm verify`. In:
 * a source. Out: numbers, which the command prints.
 */

import { MobileBertConfig } from '../config/config.ts';
import { convert } from '../conversion/convert.ts';
import { type Answer, largestError, PROBE_TEXTS, probeIds } from '../conversion/probes.ts';
import { FilesError } from '../errors.ts';
import { openFiles } from '../hub/files.ts';
import type { ProgressCallback } from '../hub/progress.ts';
import type { Source } from '../hub/source.ts';
import { type Architecture, architectureOf } from '../models/heads/architectures.ts';
import { MobileBertModel } from '../models/heads/mobilebert-model.ts';
import { pipeline } from '../pipelines/pipeline.ts';
import { Tensor } from '../tensor/tensor.ts';
import { AutoTokenizer } from '../tokenizer/api/tokenizer.ts';
import { type Comparison, compare, type Reference } from './reference.ts';

/** The result, which `--json` prints as it is. */
export interface Verification {
  readonly architecture: string;
  /** How many texts the dtypes were compared on; ids where there is no tokenizer. */
  readonly texts: number;
  readonly references: readonly Comparison[];
  readonly dtypes: readonly DtypeErrors[];
  /** Sentences with a masked word, and the likeliest word by dtype. */
  readonly masked: readonly MaskedSentence[];
}

/** Relative L2 errors of one dtype against fp32, over all texts. */
export interface DtypeErrors {
  readonly dtype: string;
  readonly build: string;
  /** Of the worst output. */
  readonly outputs: number;
  /** Of the last hidden state's first rows, and of its others, without massive numbers. */
  readonly first_token: number;
  readonly other_tokens: number;
  /** Of numbers that are more than 1,000 times as large as the median of their row; 0: none. */
  readonly massive: number;
}

/** Words for the mask of a sentence. */
export interface MaskedSentence {
  readonly text: string;
  readonly words: Readonly<Record<string, string>>;
}

/** What is verified, and how. */
export interface VerifyOptions {
  readonly references: readonly Reference[];
  /** Whether q8 weights are calibrated too, which takes minutes. */
  readonly calibrates: boolean;
  readonly progress_callback?: ProgressCallback | undefined;
  /** Told what goes on. */
  readonly onStep: (step: string) => void;
}

/** Sentences whose masked word a trained model knows. */
export const MASKED_SENTENCES: readonly string[] = [
  'Paris is the [MASK] of France.',
  'The cat sat on the [MASK].',
  'Water is made of hydrogen and [MASK].',
];

const DTYPES = ['fp16', 'q8', 'q8-fast'] as const;

/** Classes whose checkpoints may predict masked words; config.json may name none. */
const LANGUAGE_MODELS = ['MobileBertForMaskedLM', 'MobileBertForPreTraining', 'MobileBertModel'];

/** Of weights that a checkpoint lacks, such as a pooler: the same in all dtypes. */
const SEED = 1;

/** A number of a row is massive where it is this many times as large as the row's median. */
const MASSIVE = 1000;

/** What a model gave for one text. */
interface TextAnswer {
  readonly outputs: Answer;
  /** [S,H] */
  readonly hidden: Float32Array;
}

/** @throws as `from_pretrained`, and Error for a reference that does not fit the model */
export async function verifyCheckpoint(
  source: Source,
  options: VerifyOptions,
): Promise<Verification> {
  const { references, calibrates, progress_callback, onStep } = options;
  const files = await openFiles(source, { progress_callback });
  const config = await MobileBertConfig.fromFiles(files);
  const architecture = architectureOf(config.architectures);
  const { Class } = architecture;
  const probes = await probesOf(source, config);
  const load = (dtype: string) => {
    onStep(`Loading ${dtype}`);
    return Class.from_pretrained(source, { dtype, seed: SEED, progress_callback });
  };

  const compared = await compareAll(source, architecture, references, progress_callback);
  const exact = await load('fp32');
  const expected = await answers(exact, probes, architecture);
  await exact.dispose();
  const H = config.hidden_size;
  const dtypes: DtypeErrors[] = [];
  const measure = async (dtype: string, model: MobileBertModel) => {
    onStep(`Measuring ${dtype}`);
    const found = await answers(model, probes, architecture);
    const { build } = await model.info();
    dtypes.push({ dtype, build, ...errorsOf(found, expected, H) });
    await model.dispose();
  };
  for (const dtype of DTYPES) await measure(dtype, await load(dtype));
  if (calibrates) {
    const onLayer = (done: number, layers: number) =>
      onStep(`Calibrating: layer ${done} of ${layers}`);
    const calibrate = { onLayer };
    const converted = await convert(source, 'q8', { probes, calibrate, seed: SEED });
    const calibrated = {
      'config.json': JSON.parse((await files.text('config.json'))!) as object,
      ...Object.fromEntries(
        Object.entries(converted.files).map(([name, chunks]) => [name, blobOf(chunks)]),
      ),
    };
    for (const dtype of ['q8', 'q8-fast']) {
      await measure(
        `${dtype}, calibrated`,
        await Class.from_pretrained(calibrated, { dtype, seed: SEED }),
      );
    }
  }
  const masked = LANGUAGE_MODELS.includes(architecture.name)
    ? await maskedWords(source, onStep)
    : [];
  const { name } = architecture;
  return { architecture: name, texts: probes.length, references: compared, dtypes, masked };
}

/** The probe texts as ids; ids of the whole vocabulary where there is no tokenizer. */
async function probesOf(source: Source, config: MobileBertConfig): Promise<number[][]> {
  const most = config.max_position_embeddings;
  try {
    const tokenizer = await AutoTokenizer.from_pretrained(source);
    return PROBE_TEXTS.map((text) => tokenizer.encode(text).slice(0, most));
  } catch (error) {
    if (error instanceof FilesError) return probeIds(config);
    throw error;
  }
}

/** Every output of every reference beside what fp32 gives. */
async function compareAll(
  source: Source,
  architecture: Architecture,
  references: readonly Reference[],
  progress_callback: ProgressCallback | undefined,
): Promise<Comparison[]> {
  const all: Comparison[] = [];
  for (const reference of references) {
    const { input_ids, attention_mask, token_type_ids, outputs } = reference;
    const isEncoder = Object.keys(outputs).every((name) => ENCODER_OUTPUTS.includes(name));
    const Class = isEncoder ? MobileBertModel : architecture.Class;
    const add_pooling_layer = !isEncoder || 'pooler_output' in outputs;
    const options = { dtype: 'fp32', add_pooling_layer, progress_callback };
    const model = await Class.from_pretrained(source, options);
    const call = { input_ids, attention_mask, token_type_ids, output_hidden_states: true };
    const found = await model(call as never);
    await model.dispose();
    for (const [name, nested] of Object.entries(outputs)) {
      const isLast = name === 'last_hidden_state' && !isEncoder;
      const tensor: unknown = isLast ? found.hidden_states!.at(-1) : Reflect.get(found, name);
      if (!(tensor instanceof Tensor)) {
        throw new Error(
          `Cannot compare ${name}: the model gives ${Object.keys(found).join(', ')}, expected an output of that name`,
        );
      }
      all.push(compare(name, nested, tensor as never, reference));
    }
  }
  return all;
}

/** Outputs of MobileBertModel, which every checkpoint gives. */
const ENCODER_OUTPUTS: readonly string[] = ['last_hidden_state', 'pooler_output'];

async function answers(
  model: MobileBertModel,
  probes: readonly (readonly number[])[],
  { name }: Architecture,
): Promise<TextAnswer[]> {
  const all: TextAnswer[] = [];
  for (const ids of probes) {
    const input_ids = name === 'MobileBertForMultipleChoice' ? [[ids]] : [ids];
    const found = await model({ input_ids, output_hidden_states: true });
    const outputs = Object.entries(found).filter(([, value]) => value instanceof Tensor);
    all.push({
      outputs: new Map(outputs.map(([key, { data }]) => [key, data as Float32Array])),
      hidden: found.hidden_states!.at(-1)!.data as Float32Array,
    });
  }
  return all;
}

/** Errors over all texts; those of the last hidden state by kinds of numbers. */
function errorsOf(found: readonly TextAnswer[], expected: readonly TextAnswer[], H: number) {
  const outputs = largestError(
    found.map((one) => one.outputs),
    expected.map((one) => one.outputs),
  );
  const kinds = { first_token: [0, 0], other_tokens: [0, 0], massive: [0, 0] };
  expected.forEach(({ hidden }, text) => {
    for (let first = 0; first < hidden.length; first += H) {
      const row = hidden.subarray(first, first + H);
      const most = MASSIVE * row.map(Math.abs).toSorted()[H >> 1]!;
      const ordinary = first === 0 ? kinds.first_token : kinds.other_tokens;
      row.forEach((exact, channel) => {
        const sums = Math.abs(exact) > most ? kinds.massive : ordinary;
        sums[0]! += (found[text]!.hidden[first + channel]! - exact) ** 2;
        sums[1]! += exact ** 2;
      });
    }
  });
  const error = ([difference, norm]: number[]) => Math.sqrt(difference! / (norm || 1));
  return {
    outputs,
    first_token: error(kinds.first_token),
    other_tokens: error(kinds.other_tokens),
    massive: error(kinds.massive),
  };
}

async function maskedWords(
  source: Source,
  onStep: (step: string) => void,
): Promise<MaskedSentence[]> {
  const words = MASKED_SENTENCES.map((): Record<string, string> => ({}));
  for (const dtype of ['fp32', ...DTYPES]) {
    onStep(`Filling masks with ${dtype}`);
    try {
      const fill = await pipeline('fill-mask', source, { dtype, seed: SEED });
      if (fill.model.loading_info?.missing_keys.length) return [];
      const fills = await fill([...MASKED_SENTENCES], { top_k: 1 });
      fills.forEach((best, i) => {
        const [first] = best.flat();
        words[i]![dtype] = `${first!.token_str} ${(100 * first!.score).toFixed(1)} %`;
      });
      await fill.dispose();
    } catch (error) {
      // A checkpoint without a tokenizer.
      if (error instanceof FilesError) return [];
      throw error;
    }
  }
  return MASKED_SENTENCES.map((text, i) => ({ text, words: words[i]! }));
}

function blobOf(chunks: Iterable<Uint8Array>): Blob {
  return new Blob(Array.from(chunks, (chunk) => chunk.slice() as Uint8Array<ArrayBuffer>));
}
