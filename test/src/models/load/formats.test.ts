/**
 * Every file format that PyTorch, its ONNX exporters and Keras write is the same model as its safetensors
 * (tools/golden/make-formats.py, make-onnx.py, make-keras.py).
 */
import { readdirSync, readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { FilesError, WeightsError } from '../../../../src/errors.ts';
import { MobileBertModel } from '../../../../src/models/heads/mobilebert-model.ts';
import { checkpointOf, type Format, rounded } from '../../../support/checkpoints.ts';
import { loadCase } from '../../../support/golden.ts';
import { idsOf, named } from '../../../support/models.ts';
import { keepWarnings } from '../../../support/warnings.ts';

const ROOT = 'test/golden/formats';
const golden = loadCase('head-size-1');
const input_ids = idsOf(2, 7);
const simd = { variant: 'simd', seed: 1 } as const;
keepWarnings();

/** A folder of test/golden/formats as a map of files, with the checkpoint's config.json. */
function filesOf(folder: string): Record<string, object> {
  const files = readdirSync(`${ROOT}/${folder}`).map((file) => [
    file,
    new Uint8Array(readFileSync(`${ROOT}/${folder}/${file}`)),
  ]);
  return { 'config.json': golden.config, ...Object.fromEntries(files) };
}

async function outputsOf(source: Parameters<typeof MobileBertModel.from_pretrained>[0]) {
  const model = await MobileBertModel.from_pretrained(source, simd);
  const outputs = named(await model({ input_ids }));
  return { outputs, info: model.loading_info! };
}

/** The golden weights as `dtype` keeps them: PyTorch's cast to bfloat16 rounds to nearest even. */
function kept(dtype: string): ReturnType<typeof checkpointOf> {
  return checkpointOf(golden, (tensors) => {
    if (dtype === 'float16') {
      for (const [name, { shape, data }] of tensors) {
        tensors.set(name, { shape, data: rounded(data, 'F16' satisfies Format) });
      }
    }
    if (dtype === 'bfloat16') {
      for (const [name, { shape, data }] of tensors)
        tensors.set(name, { shape, data: bfloat(data) });
    }
  });
}

function bfloat(data: Float32Array): Float32Array {
  const bits = new Uint32Array(data.slice().buffer);
  return new Float32Array(
    bits.map((word) => ((word + 0x7fff + ((word >>> 16) & 1)) & 0xffff0000) >>> 0).buffer,
  );
}

describe('from_pretrained()', () => {
  const folders = readdirSync(ROOT);

  it('is tested on the formats of issue and tool', () => {
    expect(folders.length).toBe(29);
  });

  it.each(folders)('reads %s as the same model, bit for bit', async (folder) => {
    const dtype = folder.match(/float\d+|bfloat16/)?.[0] ?? 'float32';
    const { outputs, info } = await outputsOf(filesOf(folder));
    expect(outputs).toEqual((await outputsOf(kept(dtype))).outputs);
    expect(info.missing_keys).toEqual([]);
    const unused = folder.endsWith('views') ? ['unused.copy', 'unused.parameter'] : [];
    expect(info.unexpected_keys).toEqual(unused);
  });

  it.each(folders)('reads %s from chunks of one byte and of a thousand', async (folder) => {
    const files = filesOf(folder);
    const expected = await outputsOf(files);
    for (const size of [1, 1000]) {
      const slow = Object.entries(files).map(([name, bytes]) => [
        name,
        bytes instanceof Uint8Array ? new Response(slowly(bytes, size)) : bytes,
      ]);
      expect((await outputsOf(Object.fromEntries(slow))).outputs).toEqual(expected.outputs);
    }
  });

  // A Buffer is a Uint8Array whose `slice` makes no copy.
  it.each(folders)(
    "reads %s from a stream of Node's, and leaves its Buffers alone",
    async (folder) => {
      const files = filesOf(folder);
      const pools: Buffer[] = [];
      const streams = Object.entries(files).map(([name, bytes]) => {
        if (!(bytes instanceof Uint8Array)) return [name, bytes];
        const pool = Buffer.from([1, 2, 3, ...bytes]);
        pools.push(pool);
        return [name, Readable.from([pool.subarray(3, 4000), pool.subarray(4000)])];
      });
      const before = pools.map((pool) => Uint8Array.from(pool));
      const { outputs } = await outputsOf(Object.fromEntries(streams));
      expect(outputs).toEqual((await outputsOf(files)).outputs);
      expect(pools.every((pool, i) => pool.equals(before[i]!))).toBe(true);
    },
  );

  it('prefers safetensors, and takes a file for what its first bytes say', async () => {
    const zip = filesOf('zip')['pytorch_model.bin']!;
    const both = { ...filesOf('zip'), 'model.safetensors': new Uint8Array(3) };
    await expect(outputsOf(both)).rejects.toThrow(WeightsError);
    const misnamed = { 'config.json': golden.config, 'model.safetensors': zip };
    expect((await outputsOf(misnamed)).outputs).toEqual((await outputsOf(filesOf('zip'))).outputs);
  });

  it('says which part of a sharded checkpoint is not there', async () => {
    const files = filesOf('sharded-zip');
    delete files['pytorch_model-00002-of-00002.bin'];
    await expect(outputsOf(files)).rejects.toThrow(
      new FilesError(
        'Cannot load weights: "files" has no file "pytorch_model-00002-of-00002.bin", expected it by "pytorch_model.bin.index.json"',
        'pytorch_model-00002-of-00002.bin',
      ),
    );
  });

  it('refuses a tensor that stands in two parts', async () => {
    const files = filesOf('sharded-zip');
    const index = { weight_map: { a: 'one.bin', b: 'two.bin' } };
    const twice = {
      'config.json': golden.config,
      'pytorch_model.bin.index.json': index,
      'one.bin': files['pytorch_model-00001-of-00002.bin']!,
      'two.bin': files['pytorch_model-00001-of-00002.bin']!,
    };
    await expect(outputsOf(twice)).rejects.toThrow('are the same parameter, expected one');
  });
});

function slowly(bytes: Uint8Array, size: number): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at + size));
      at += size;
    },
  });
}
