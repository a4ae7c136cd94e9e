/** from_pretrained(): every kind of source gives the same model, and can be stopped. */
import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MobileBertConfigOptions } from '../../../../src/config/config.ts';
import type { Source } from '../../../../src/hub/source.ts';
import { AutoModel, AutoModelForMaskedLM } from '../../../../src/models/heads/auto.ts';
import { MobileBertModel } from '../../../../src/models/heads/mobilebert-model.ts';
import { MobileBertForMaskedLM } from '../../../../src/models/heads/pretraining.ts';
import { MobileBertConfig } from '../../../../src/models/pretrained-config.ts';
import { loadCase } from '../../../support/golden.ts';
import { idsOf, named, smallConfig } from '../../../support/models.ts';
import { readBuild } from '../../../support/variants.ts';
import { startServer, type TestServer } from '../../hub/server.ts';

const { folder } = loadCase('base-odd');
const simd = { variant: 'simd' } as const;
const weights = () => readFile(`${folder}/model.safetensors`);
const config = async () =>
  JSON.parse(await readFile(`${folder}/config.json`, 'utf8')) as MobileBertConfigOptions;
const answer = async (model: MobileBertModel) => named(await model({ input_ids: idsOf(2, 9) }));

let server: TestServer;
beforeAll(async () => {
  server = await startServer(async (request, response) => {
    const file = await readFile(folder + request.url).catch(() => undefined);
    response.statusCode = file ? 200 : 404;
    response.end(file);
  });
});
afterAll(() => server.close());

/** Bytes in pieces, with `between` before each. */
async function* pieces(between: (i: number) => void = () => {}) {
  const bytes = new Uint8Array(await weights());
  for (let i = 0; i * 1000 < bytes.length; i++) {
    between(i);
    yield bytes.slice(i * 1000, (i + 1) * 1000);
  }
}

function streamOf(chunks: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
}

describe('from_pretrained()', () => {
  it.each<[string, () => Promise<Source>]>([
    ['a file URL', async () => pathToFileURL(`${folder}/`)],
    ['a server', async () => server.url],
    [
      'bytes',
      async () => ({ 'config.json': await config(), 'model.safetensors': await weights() }),
    ],
    [
      'a stream',
      async () => ({
        'config.json': await config(),
        'model.safetensors': streamOf(pieces()),
      }),
    ],
    [
      'a response',
      async () => ({
        'config.json': await config(),
        'model.safetensors': new Response(new Uint8Array(await weights())),
      }),
    ],
    [
      'paths',
      async () => ({
        'config.json': `${folder}/config.json`,
        'model.safetensors': `${folder}/model.safetensors`,
      }),
    ],
  ])('reads %s as it reads a folder', async (_, source) => {
    const expected = await answer(await MobileBertModel.from_pretrained(folder, simd));
    expect(await answer(await MobileBertModel.from_pretrained(await source(), simd))).toEqual(
      expected,
    );
  });

  it('takes a module, a configuration, and fields over config.json', async () => {
    const expected = await answer(await MobileBertModel.from_pretrained(folder, simd));
    const wasm = new WebAssembly.Module(readBuild('simd.wasm'));
    const whole = new MobileBertConfig(await config());
    const one = await MobileBertModel.from_pretrained(folder, { ...simd, wasm, config: whole });
    expect(one.config).toBe(whole);
    expect(await answer(one)).toEqual(expected);
    const fields = { output_attentions: true };
    const other = await MobileBertModel.from_pretrained(folder, { ...simd, config: fields });
    expect([...(await answer(other)).keys()]).toContain('attentions.1');
    const bare = { ...simd, add_pooling_layer: false };
    const third = await MobileBertModel.from_pretrained(folder, bare);
    expect([...(await answer(third)).keys()]).toEqual(['last_hidden_state']);
    expect(third.loading_info!.unexpected_keys).toEqual([
      'pooler.dense.bias',
      'pooler.dense.weight',
    ]);
  });

  it('is stopped by a signal, before it begins and in the middle', async () => {
    const early = { ...simd, signal: AbortSignal.abort(new Error('not now')) };
    await expect(MobileBertModel.from_pretrained(folder, early)).rejects.toThrow('not now');
    const stop = new AbortController();
    let read = 0;
    const stream = streamOf(
      pieces((i) => {
        read = i;
        if (i === 5) stop.abort(new Error('enough'));
      }),
    );
    const files = { 'config.json': await config(), 'model.safetensors': stream };
    const stopped = MobileBertModel.from_pretrained(files, { ...simd, signal: stop.signal });
    await expect(stopped).rejects.toThrow('enough');
    expect(read).toBeLessThan(10);
  });

  it('says where a server has nothing', async () => {
    const call = MobileBertModel.from_pretrained(`${server.url}none/`, simd);
    await expect(call).rejects.toThrow('config.json');
  });
});

describe('Auto classes', () => {
  it('load the class that they are named for', async () => {
    expect(await AutoModel.from_pretrained(folder, simd)).toBeInstanceOf(MobileBertModel);
    const masked = loadCase('masked-lm').folder;
    const model = await AutoModelForMaskedLM.from_pretrained(masked, simd);
    expect(model).toBeInstanceOf(MobileBertForMaskedLM);
  });

  it('refuse a checkpoint of another architecture', async () => {
    const files = { 'config.json': { ...smallConfig().to_dict(), model_type: 'bert' } };
    await expect(AutoModel.from_pretrained(files)).rejects.toThrow(
      'Cannot use config: "model_type" is "bert", expected "mobilebert"',
    );
  });
});
