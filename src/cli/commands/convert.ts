/** `mobilebert convert`: a checkpoint -> a folder with q8 weights that load by copying, or with halves. */

import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { convert as convertCheckpoint } from '../../conversion/convert.ts';
import { PROBE_TEXTS } from '../../conversion/probes.ts';
import { FilesError } from '../../errors.ts';
import { openFiles } from '../../hub/files.ts';
import type { ProgressEvent } from '../../hub/progress.ts';
import { AutoTokenizer } from '../../tokenizer/api/tokenizer.ts';
import { oneOf, parseArguments, UsageError } from '../arguments.ts';
import { calibrationOf } from '../calibration.ts';
import { ProgressBar } from '../progress-bar.ts';
import type { Command } from '../run.ts';
import { withStatus } from '../status-line.ts';

const OPTIONS = {
  dtype: { type: 'string', default: 'q8' },
  calibrate: { type: 'boolean' },
  texts: { type: 'string' },
  seed: { type: 'string' },
  json: { type: 'boolean' },
} as const;

/** What a folder needs beside weights; whatever of it is there is taken along. */
const FILES = [
  'config.json',
  'vocab.txt',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
];

const DTYPES = ['q8', 'fp16'] as const;

export const convert: Command = {
  help: `\
Converts a checkpoint to small weights.

Usage: mobilebert convert [OPTIONS] SOURCE OUT

SOURCE is a folder, URL or hub id; OUT a folder, made where it is not there. The folder gets
config.json, the tokenizer's files and the weights, and loads like any other:

  q8     model.q8.safetensors: a quarter of the size, loaded by copying, for this package alone
  fp16   model.safetensors: half of the size, F16, for Python as well

How far its answers are from fp32 is measured on a dozen texts. Calibrated q8 is about half as far, and
neither larger nor slower; it takes about two minutes and 710 MB of memory.

      --dtype NAME     what to convert to: q8 (default) or fp16
      --calibrate      q8: round weights so that answers to texts stay as they are, random words if
                       no others are given
      --texts FILE     calibrate with texts like those that the model will read, one per line (- for
                       standard input); two texts of a pair stand apart by a tab
      --seed N         calibrate with other random words (default 1)
      --json           one object: {"file", "bytes", "architecture", "relative_error"}
  -h, --help           this text
`,

  async run(args, io) {
    const { values, positionals } = parseArguments(args, OPTIONS);
    const dtype = oneOf('dtype', values.dtype, DTYPES);
    const [source, out, ...others] = positionals;
    if (source === undefined || out === undefined || others.length > 0) {
      throw new UsageError(
        `Cannot read arguments: found ${positionals.length} names, expected SOURCE and OUT`,
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
      const converted = await convertCheckpoint(source, dtype, options);
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
        : `${file}: ${architecture}, ${(bytes / 1e6).toFixed(1)} MB, ${percent} % from fp32 on probe texts`;
      await status.print(io.stdout, `${text}\n`);
    });
  },
};

/** The probe texts as the checkpoint's tokenizer has them; undefined where it brings none. */
async function probesOf(source: string): Promise<number[][] | undefined> {
  try {
    const tokenizer = await AutoTokenizer.from_pretrained(source);
    return PROBE_TEXTS.map((text) => tokenizer.encode(text));
  } catch (error) {
    if (error instanceof FilesError) return undefined;
    throw error;
  }
}

/** Writes beside the file and renames, so that a broken run leaves no half of it. */
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
