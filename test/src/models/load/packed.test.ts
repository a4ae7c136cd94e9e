/** Converted folders: packed weights that load by copying, and what is refused. */
import { describe, expect, it } from 'vitest';
import { PACKING } from '../../../../src/engine/packed/packed-bytes.ts';
import { WeightsError } from '../../../../src/errors.ts';
import { MobileBertForTokenClassification } from '../../../../src/models/heads/classification.ts';
import { MobileBertModel } from '../../../../src/models/heads/mobilebert-model.ts';
import { MobileBertForMaskedLM } from '../../../../src/models/heads/pretraining.ts';
import type { PreTrainedModel } from '../../../../src/models/pretrained-model.ts';
import { loadCase } from '../../../support/golden.ts';
import { classes, idsOf, inputsOf, named, PLAIN_INFO } from '../../../support/models.ts';

const CASES = [
  'base-odd',
  'masked-lm',
  'layer-norm-no-bottleneck',
  'masked-lm-untied',
  'masked-lm-even',
  'pretraining',
];

describe.each(CASES)('a converted %s', (name) => {
  const golden = loadCase(name);

  it('answers as what it was converted from, to the bit', async () => {
    const model = await fromGolden(name);
    const file = await fileOf(model, { relative_error: '0.0123' });
    const files = { 'config.json': golden.config, 'model.q8.safetensors': file };
    const again = await classes[golden.head]!.from_pretrained(files, {});
    const inputs = inputsOf(golden);
    const [found, expected] = [named(await again(inputs)), named(await model(inputs as never))];
    for (const [output, { data }] of expected) expect(found.get(output)!.data).toEqual(data);
    expect(await again.info()).toMatchObject({ dtype: 'q8', relative_error: 0.0123 });
    expect(again.loading_info).toEqual(PLAIN_INFO);
    expect(await fileOf(again, { relative_error: '0.0123' })).toEqual(file);
  });
});

describe('from_pretrained() of converted weights', () => {
  const { config } = loadCase('masked-lm');

  it('takes the part that a class has, and initialises a head that is not there', async () => {
    const file = await fileOf(await fromGolden('masked-lm'));
    const files = { 'config.json': config, 'model.q8.safetensors': file };
    const encoder = await MobileBertModel.from_pretrained(files, { add_pooling_layer: false });
    expect(encoder.loading_info?.missing_keys).toEqual([]);
    const bare = { 'config.json': config, 'model.q8.safetensors': await fileOf(encoder) };
    const model = await MobileBertForTokenClassification.from_pretrained(bare, { seed: 1 });
    expect(model.loading_info?.missing_keys).toEqual(['classifier.weight', 'classifier.bias']);
    const { logits } = await model({ input_ids: idsOf(1, 4, 20) });
    expect(Array.from(logits.data as Float32Array).every(Number.isFinite)).toBe(true);
  });

  it('prefers them for "q8", and the plain checkpoint for "auto"', async () => {
    const golden = loadCase('base-odd');
    const file = await fileOf(await fromGolden('base-odd'), { relative_error: '0.5' });
    const files = {
      'config.json': golden.config,
      'model.safetensors': `${golden.folder}/model.safetensors`,
      'model.q8.safetensors': file,
    };
    const packed = await MobileBertModel.from_pretrained(files, { dtype: 'q8' });
    expect(await packed.info()).toMatchObject({ dtype: 'q8', relative_error: 0.5 });
    const plain = await MobileBertModel.from_pretrained(files);
    expect(await plain.info()).toMatchObject({ dtype: 'fp32', relative_error: null });
  });

  it.each([
    ['no packing', {}, 'has the packing none'],
    [
      'an old packing',
      { packing: 'mobilebert-wasm/q8-nr8/1' },
      'has the packing "mobilebert-wasm/q8-nr8/1"',
    ],
  ])('refuses a file with %s', async (_, metadata, found) => {
    const header = JSON.stringify({ __metadata__: metadata });
    const file = new Uint8Array(8 + header.length);
    new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
    file.set(new TextEncoder().encode(header), 8);
    const loading = MobileBertModel.from_pretrained(
      { 'config.json': config, 'model.q8.safetensors': file },
      { dtype: 'q8' },
    );
    await expect(loading).rejects.toThrow(WeightsError);
    await expect(loading).rejects.toThrow(`${found}, expected "${PACKING}"; convert`);
  });

  it('refuses parts of another size, and an encoder with holes', async () => {
    const model = await fromGolden('masked-lm');
    const file = await fileOf(model);
    const wider = { ...config, vocab_size: Number(config.vocab_size) + 1 };
    await expect(
      MobileBertForMaskedLM.from_pretrained({ 'config.json': wider, 'model.q8.safetensors': file }),
    ).rejects.toThrow(/tensor "WordEmbeddings" is U8 \[\d+\], expected U8 \[\d+\]/);
    const deeper = { ...config, num_hidden_layers: Number(config.num_hidden_layers) + 1 };
    await expect(
      MobileBertForMaskedLM.from_pretrained({
        'config.json': deeper,
        'model.q8.safetensors': file,
      }),
    ).rejects.toThrow('expected every parameter of the encoder');
  });

  it('refuses to pack a model that is not q8', async () => {
    const golden = loadCase('base-odd');
    const model = await MobileBertModel.from_pretrained(golden.folder);
    await expect(model.packed()).rejects.toThrow('the model is fp32, expected one loaded with');
  });
});

function fromGolden(name: string): Promise<PreTrainedModel> {
  const golden = loadCase(name);
  const options = { dtype: 'q8', add_pooling_layer: golden.addPoolingLayer };
  return classes[golden.head]!.from_pretrained(golden.folder, options);
}

async function fileOf(
  model: Pick<PreTrainedModel, 'packed'>,
  metadata: Record<string, string> = {},
): Promise<Uint8Array> {
  const chunks = Array.from(await model.packed(metadata), (chunk) => chunk.slice());
  return new Uint8Array(await new Blob(chunks as Uint8Array<ArrayBuffer>[]).arrayBuffer());
}
