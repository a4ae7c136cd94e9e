/** `mobilebert convert`: a checkpoint -> a folder with q8 weights that load by copying. */

import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { openFiles } from '../../hub/files.ts';
import { convertToQ8 } from '../../models/convert.ts';
import { oneOf, parseArguments, UsageError } from '../arguments.ts';

import type { Command } from '../run.ts';
import { withStatus } from '../status-line.ts';

const OPTIONS = {
  dtype: { type: 'string', default: 'q8' },
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

const WEIGHTS = 'model.q8.safetensors';

export const convert: Command = {
  help: `\
Converts a checkpoint to small weights: a quarter of the size, loaded by copying.

Usage: mobilebert convert [OPTIONS] SOURCE OUT

SOURCE is a folder, URL or hub id; OUT a folder, made where it is not there. The folder gets
config.json, the tokenizer's files and ${WEIGHTS}, and loads like any other.

      --dtype NAME     what to convert to: q8 (default)
      --json           one object: {"file", "bytes", "architecture", "relative_error"}
  -h, --help           this text
`,

  async run(args, io) {
    const { values, positionals } = parseArguments(args, OPTIONS);
    oneOf('dtype', values.dtype, ['q8']);
    const [source, out, ...others] = positionals;
    if (source === undefined || out === undefined || others.length > 0) {
      throw new UsageError(
        `Cannot read arguments: found ${positionals.length} names, expected SOURCE and OUT`,
      );
    }
    await withStatus(io.stderr, async (status) => {
      status.show(`Converting ${source}`);
      const { chunks, architecture, relativeError } = await convertToQ8(source);
      await mkdir(out, { recursive: true });
      const file = path.join(out, WEIGHTS);
      const bytes = await writeWhole(file, chunks);
      await copyFiles(source, out);
      const percent = (100 * relativeError).toPrecision(2);
      const result = { file, bytes, architecture, relative_error: relativeError };
      const text = values.json
        ? JSON.stringify(result)
        : `${file}: ${architecture}, ${(bytes / 1e6).toFixed(1)} MB, ${percent} % from fp32 on probe texts`;
      await status.print(io.stdout, `${text}\n`);
    });
  },
};

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
