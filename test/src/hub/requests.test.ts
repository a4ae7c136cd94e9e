/** Which files are asked for: none that is not there, where something tells. */
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { env } from '../../../src/hub/options.ts';
import { MobileBertModel } from '../../../src/models/heads/mobilebert-model.ts';
import { MobileBertConfig } from '../../../src/models/pretrained-config.ts';
import { pipeline } from '../../../src/pipelines/pipeline.ts';
import { startLyingHub } from '../../support/lying-hub.js';
import { keepWarnings } from '../../support/warnings.ts';
import { type Contents, checkpoint, type Hub, plain, withVocabulary } from './checkpoints.ts';

const defaults = { ...env };
let hub: Hub | undefined;
let q8: Contents;
keepWarnings();

beforeAll(async () => {
  const config = new MobileBertConfig(
    JSON.parse(new TextDecoder().decode(plain().get('config.json'))),
  );
  const model = new MobileBertModel(config, { variant: 'simd', dtype: 'q8', seed: 1 });
  q8 = plain();
  q8.delete('model.safetensors');
  for (const [name, bytes] of Object.entries(await model.save_files())) {
    q8.set(
      name,
      typeof bytes === 'string'
        ? new TextEncoder().encode(bytes)
        : new Uint8Array(bytes as Uint8Array),
    );
  }
});
beforeEach(() => Object.assign(env, { useFSCache: false, retryDelay: 1, maxRetries: 0 }));
afterEach(async () => {
  Object.assign(env, defaults);
  vi.unstubAllEnvs();
  await hub?.close();
});

/** Loads a pipeline from a server with some files; returns what it asked for in vain. */
async function failures(
  files: Contents,
  { place = 'static', dtype, ...server }: { place?: string; dtype?: string; hasApi?: boolean } = {},
): Promise<string[]> {
  hub = await startLyingHub({ files, ...server });
  if (place === 'hub') env.remoteHost = hub.url;
  if (place === 'endpoint') vi.stubEnv('HF_ENDPOINT', hub.url);
  const source = place === 'static' ? hub.url : 'org/name';
  const made = await pipeline('feature-extraction', source, { variant: 'simd', dtype });
  await made.dispose();
  return hub.failed();
}

const onnx = (config = {}) => checkpoint('onnx', 'onnx/', config);
const layouts: [name: string, files: () => Contents, dtype?: string][] = [
  ['safetensors', plain],
  ['safetensors with a vocabulary', () => withVocabulary(plain())],
  ['shards', () => checkpoint('sharded-safetensors')],
  ['PyTorch', () => checkpoint('zip')],
  ['PyTorch in shards', () => checkpoint('sharded-zip')],
  ['ONNX', onnx],
  ['q8', () => q8],
  ['q8 on request', () => q8, 'q8'],
  ['Keras', () => checkpoint('keras')],
];

describe('pipeline()', () => {
  it.each(layouts)('asks the hub for no file that its list lacks: %s', async (_, files, dtype) => {
    expect(
      await failures(files(), { place: 'endpoint', hasApi: true, ...(dtype && { dtype }) }),
    ).toEqual([]);
    expect(hub!.requests.filter(({ path }) => path.startsWith('/api/')).length).toBe(1);
  });

  it.each<[string, () => Contents, number, string?]>([
    ['safetensors', plain, 0],
    ['safetensors with a vocabulary', () => withVocabulary(plain()), 2],
    ['q8 on request', () => q8, 0, 'q8'],
    ['q8', () => q8, 1],
    ['ONNX of transformers.js', () => onnx({ 'transformers.js_config': {} }), 1],
    ['ONNX', onnx, 2],
    [
      'PyTorch of Python before 4.35',
      () => checkpoint('zip', '', { transformers_version: '4.11.3' }),
      1,
    ],
    ['shards', () => checkpoint('sharded-safetensors'), 3],
  ])('asks a static host for few files in vain: %s', async (_, files, most, dtype) => {
    const failed = await failures(files(), dtype ? { dtype } : {});
    expect(failed.length, failed.join()).toBeLessThanOrEqual(most);
  });

  it.each<[string, () => Contents, number]>([
    ['safetensors', plain, 0],
    ['safetensors with a vocabulary', () => withVocabulary(plain()), 2],
  ])('asks a mirror without a list for few files in vain: %s', async (_, files, most) => {
    const failed = await failures(files(), { place: 'hub' });
    expect(failed.length, failed.join()).toBeLessThanOrEqual(most);
  });

  it.each(layouts)(
    'asks a mirror for its list once a file is missing: %s',
    async (_, files, dtype) => {
      const options = { place: 'hub', hasApi: true, ...(dtype && { dtype }) };
      expect((await failures(files(), options)).length).toBeLessThanOrEqual(2);
    },
  );

  it('asks for every file once', async () => {
    await failures(withVocabulary(plain()), { place: 'endpoint', hasApi: true });
    const paths = hub!.requests.map(({ path }) => path);
    expect(paths.length).toBe(new Set(paths).size);
  });
});
