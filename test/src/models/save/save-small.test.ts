/** save_files() of fp16 and q8 models: weights are saved as they are kept. */
import { describe, expect, it } from 'vitest';
import { PACKING } from '../../../../src/engine/packed/packed-bytes.ts';
import { MobileBertForSequenceClassification } from '../../../../src/models/heads/classification.ts';
import { MobileBertModel } from '../../../../src/models/heads/mobilebert-model.ts';
import { checkpointOf } from '../../../support/checkpoints.ts';
import { loadCase, sizeOf } from '../../../support/golden.ts';
import { classes, inputsOf, named, smallConfig } from '../../../support/models.ts';

const CASES = [
  'base-odd',
  'masked-lm',
  'masked-lm-untied',
  'pretraining',
  'sequence-single',
  'layer-norm-no-bottleneck',
];

describe.each(CASES)('save_files() of %s in fp16', (name) => {
  const golden = loadCase(name);
  const source = checkpointOf(golden, () => {}, 'F16');

  it('gives back an F16 checkpoint, byte for byte in its tensors', async () => {
    const Class = classes[golden.head]!;
    const model = await Class.from_pretrained(source, { dtype: 'fp16' });
    const files = await model.save_files();
    expect(Object.keys(files)).toEqual(['config.json', 'model.safetensors']);
    expect(parse(files['config.json']!).dtype).toBe('float16');
    const [ours, theirs] = [files['model.safetensors']!, source['model.safetensors']].map(tensors);
    // No output depends on an untied model's own bias, and it is not kept.
    const unread = golden.config.tie_word_embeddings === false ? 'cls.predictions.bias' : '';
    expect([...ours!.keys()].sort()).toEqual([...theirs!.keys()].sort());
    for (const [tensor, { dtype, shape, bytes }] of ours!) {
      expect([dtype, shape]).toEqual(['F16', theirs!.get(tensor)!.shape]);
      if (tensor !== unread) expect(bytes, tensor).toEqual(theirs!.get(tensor)!.bytes);
    }
    const again = await Class.from_pretrained(files, { dtype: 'fp16' });
    const inputs = inputsOf(golden);
    expect(named(await again(inputs))).toEqual(named(await model(inputs)));
  });
});

describe('save_files()', () => {
  it('saves as F32 what F16 cannot hold', async () => {
    const golden = loadCase('base-odd');
    const name = 'embeddings.LayerNorm.bias';
    const source = checkpointOf(golden, (all) => {
      const { shape } = all.get(name)!;
      all.set(name, { shape, data: new Float32Array(sizeOf(shape)).fill(70000) });
    });
    const model = await MobileBertModel.from_pretrained(source, { dtype: 'fp16' });
    const saved = tensors((await model.save_files())['model.safetensors']!);
    expect(saved.get(name)!.dtype).toBe('F32');
    expect([...saved.values()].filter(({ dtype }) => dtype === 'F32')).toHaveLength(1);
  });

  it('splits an fp16 model by its own size', async () => {
    const model = new MobileBertModel(smallConfig(), { dtype: 'fp16', seed: 1 });
    const whole = (await model.save_files())['model.safetensors']!;
    const files = await model.save_files({ max_shard_size: 4000 });
    const { metadata } = parse(files['model.safetensors.index.json']!);
    const sizes = [...tensors(whole).values()].map(({ bytes }) => bytes.length);
    expect(metadata.total_size).toBe(sizes.reduce((sum, size) => sum + size));
    expect(metadata.total_parameters).toBe(metadata.total_size / 2);
    const again = await MobileBertModel.from_pretrained(files, { dtype: 'fp16' });
    expect((await again.save_files())['model.safetensors']).toEqual(whole);
  });

  it.each(CASES)('saves %s in q8 as it is packed, and loads it bit for bit', async (name) => {
    const golden = loadCase(name);
    const Class = classes[golden.head]!;
    const model = await Class.from_pretrained(golden.folder, { dtype: 'q8' });
    const files = await model.save_files();
    expect(Object.keys(files)).toEqual(['config.json', 'model.q8.safetensors']);
    const header = headerOf(files['model.q8.safetensors']!);
    expect(header.__metadata__).toEqual({ packing: PACKING, architecture: golden.head });
    const again = await Class.from_pretrained(files);
    const inputs = inputsOf(golden);
    expect(named(await again(inputs))).toEqual(named(await model(inputs)));
    const weights = 'model.q8.safetensors';
    expect((await again.save_files())[weights]).toEqual(files[weights]);
  });

  it('keeps the measured error until the weights change', async () => {
    const golden = loadCase('sequence-single');
    const first = await MobileBertForSequenceClassification.from_pretrained(golden.folder, {
      dtype: 'q8',
    });
    const chunks = Array.from(await first.packed({ relative_error: '0.0123' }), (c) => c.slice());
    const file = new Uint8Array(await new Blob(chunks as Uint8Array<ArrayBuffer>[]).arrayBuffer());
    const files = { 'config.json': golden.config, 'model.q8.safetensors': file };
    const model = await MobileBertForSequenceClassification.from_pretrained(files);
    const saved = (await model.save_files())['model.q8.safetensors']!;
    expect(headerOf(saved).__metadata__).toMatchObject({ relative_error: '0.0123' });
    await model.resize_token_embeddings(50);
    expect((await model.info()).relative_error).toBe(null);
    const other = (await model.save_files())['model.q8.safetensors']!;
    expect(headerOf(other).__metadata__).not.toHaveProperty('relative_error');
  });
});

interface Stored {
  readonly dtype: string;
  readonly shape: number[];
  readonly bytes: Uint8Array;
}

function parse(bytes: Uint8Array) {
  return JSON.parse(new TextDecoder().decode(bytes));
}

function headerOf(file: Uint8Array) {
  const length = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  return parse(file.subarray(8, 8 + length));
}

function tensors(file: Uint8Array): Map<string, Stored> {
  const { __metadata__, ...entries } = headerOf(file);
  const base = 8 + Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  return new Map(
    Object.entries(
      entries as Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>,
    ).map(
      ([
        name,
        {
          dtype,
          shape,
          data_offsets: [start, end],
        },
      ]) => [name, { dtype, shape, bytes: file.slice(base + start, base + end) }],
    ),
  );
}
