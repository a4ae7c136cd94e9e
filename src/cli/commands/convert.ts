/** `npx mobilebert-wasm convert`: writes a folder with a checkpoint's weights in q8 or fp16. */

import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { CalibrationOptions } from '../../calibration/calibrate.ts';
import type { CalibrationText } from '../../calibration/texts.ts';
import { convert as convertCheckpoint } from '../../conversion/convert.ts';
import { PROBE_TEXTS } from '../../conversion/probes.ts';
import { FilesError } from '../../errors.ts';
import { openFiles } from '../../hub/files.ts';
import type { ProgressEvent } from '../../hub/progress.ts';
import { AutoTokenizer } from '../../tokenizer/api/tokenizer.ts';
import { naturalNumber, oneOf, parseArguments, UsageError } from '../arguments.ts';
import { helpText, jsonHelp } from '../help.ts';
import type { Command, Io } from '../io.ts';
import { withNearFolders } from '../near-folders.ts';
import { ProgressBar } from '../progress-bar.ts';
import { withStatus } from '../status-line.ts';
import { textsOf } from '../texts.ts';

const OPTIONS = {
  dtype: { type: 'string', default: 'q8' },
  calibrate: { type: 'boolean' },
  texts: { type: 'string' },
  seed: { type: 'string' },
  json: { type: 'boolean' },
} as const;

/** Files to copy besides the weights, if they exist. */
const FILES = [
  'config.json',
  'vocab.txt',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
];

const DTYPES = ['q8', 'fp16'] as const;

/** The positions of MobileBERT: longer calibration texts are truncated. */
const MAX_LENGTH = 512;

export const convert: Command = {
  help: helpText({
    about: [
      'Converts a checkpoint to smaller weights.',
      "SOURCE is a folder, URL or Hugging Face Hub id. OUT is a folder, created if it does not exist. It gets config.json, the tokenizer's files and the weights, and loads like any other checkpoint. With --dtype q8 it gets model.q8.safetensors: a quarter of the size, loads fastest, for this package only. With --dtype fp16 it gets model.safetensors: half of the size, also for Python.",
      'The error of the outputs against fp32 is measured on a dozen texts. Calibration about halves the error of q8, at the same size and speed. It takes about two minutes and 710 MB of memory.',
    ],
    usage: ['convert [OPTIONS] SOURCE OUT'],
    options: [
      ['--dtype NAME', 'data type to convert to: q8 (default) or fp16'],
      ['--calibrate', 'calibrate q8 weights, on random words without --texts'],
      [
        '--texts FILE',
        'calibrate on texts like those the model will read, one per line ("-": standard input); a tab separates the two texts of a pair',
      ],
      ['--seed N', 'seed of random words, also of those that fill up few texts (default 1)'],
      jsonHelp('', '{"file", "bytes", "architecture", "relative_error"}'),
    ],
    examples: [
      'convert google/mobilebert-uncased ./mobilebert-q8',
      'convert --dtype fp16 ./my-model ./my-model-fp16',
      'convert --texts questions.txt ./my-model ./my-model-q8',
    ],
  }),

  async run(args, io) {
    const { values, positionals } = parseArguments(args, OPTIONS);
    const dtype = oneOf('dtype', values.dtype, DTYPES);
    const [source, out, ...others] = positionals;
    if (source === undefined || out === undefined || others.length > 0) {
      throw new UsageError(
        `Cannot read arguments: found ${positionals.length} of them, expected 2: SOURCE and OUT`,
      );
    }
    if (dtype === 'fp16' && path.resolve(source) === path.resolve(out)) {
      throw new UsageError(
        `Cannot convert "${source}": OUT is the same folder, expected another one, since both have a model.safetensors`,
      );
    }
    const calibration = await calibrationOf(source, { ...values, dtype }, io);
    await withStatus(io.stderr, async (status) => {
      status.show(`Converting ${source}`);
      const probes = await probesOf(source);
      const bar = new ProgressBar(status);
      const progress_callback = (event: ProgressEvent) => bar.take(event);
      const onLayer = (done: number, layers: number) =>
        status.show(`Calibrating ${source}: layer ${done} of ${layers}`);
      const calibrate = calibration && { ...calibration, onLayer };
      const options = { probes, progress_callback, calibrate };
      const converted = await withNearFolders(source, () =>
        convertCheckpoint(source, dtype, options),
      );
      const { architecture, relativeError } = converted;
      await mkdir(out, { recursive: true });
      await copyFiles(source, out);
      let [file, bytes] = ['', 0];
      for (const [name, chunks] of Object.entries(converted.files)) {
        file = path.join(out, name);
        bytes = await writeWhole(file, chunks);
      }
      const percent = Number((100 * relativeError).toPrecision(2));
      const result = { file, bytes, architecture, relative_error: relativeError };
      const text = values.json
        ? JSON.stringify(result)
        : `${file}: ${architecture}, ${(bytes / 1e6).toFixed(1)} MB, ${percent} % error against fp32 on probe texts`;
      await status.print(io.stdout, `${text}\n`);
    });
  },
};

/** The command's options for calibration. */
interface CalibrationValues {
  readonly dtype: string;
  readonly calibrate?: boolean | undefined;
  readonly texts?: string | undefined;
  readonly seed?: string | undefined;
}

/**
 * Undefined without calibration. `--texts` and `--seed` imply `--calibrate`.
 *
 * @throws UsageError for another dtype than q8
 */
async function calibrationOf(
  source: string,
  { dtype, calibrate, texts, seed }: CalibrationValues,
  io: Io,
): Promise<CalibrationOptions | undefined> {
  if (!calibrate && texts === undefined && seed === undefined) return undefined;
  if (dtype !== 'q8') {
    throw new UsageError(`Cannot calibrate: --dtype is "${dtype}", expected "q8"`);
  }
  return {
    seed: naturalNumber('seed', seed ?? '1'),
    texts: texts === undefined ? undefined : await tokenized(source, texts, io),
  };
}

/** The lines of a file as the checkpoint's tokenizer encodes them. */
async function tokenized(source: string, file: string, io: Io): Promise<CalibrationText[]> {
  const tokenizer = await withNearFolders(source, () => AutoTokenizer.from_pretrained(source));
  const max_length = Math.min(MAX_LENGTH, tokenizer.model_max_length);
  const all: CalibrationText[] = [];
  for await (const lines of await textsOf([], file, io)) {
    for (const line of lines) {
      const [text, pair] = line.split('\t');
      const { input_ids, token_type_ids } = tokenizer(text!, {
        text_pair: pair ?? null,
        truncation: true,
        max_length,
        return_tensor: false,
      });
      all.push({ ids: input_ids as number[], types: token_type_ids as number[] });
    }
  }
  return all;
}

/** The probe texts as ids; undefined if the checkpoint has no tokenizer. */
async function probesOf(source: string): Promise<number[][] | undefined> {
  try {
    const tokenizer = await AutoTokenizer.from_pretrained(source);
    return PROBE_TEXTS.map((text) => tokenizer.encode(text));
  } catch (error) {
    if (error instanceof FilesError) return undefined;
    throw error;
  }
}

/** Writes to a temporary file and renames it, so that a failed run leaves no partial file. */
async function writeWhole(file: string, chunks: Iterable<Uint8Array>): Promise<number> {
  const part = `${file}.part`;
  let bytes = 0;
  const copies = function* () {
    for (const chunk of chunks) {
      bytes += chunk.length;
      yield chunk.slice();
    }
  };
  try {
    await pipeline(Readable.from(copies()), createWriteStream(part));
    await rename(part, file);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
  return bytes;
}

async function copyFiles(source: string, out: string): Promise<void> {
  const files = await openFiles(source);
  for (const name of FILES) {
    const text = await files.text(name);
    if (text !== undefined) await writeFile(path.join(out, name), text);
  }
}
