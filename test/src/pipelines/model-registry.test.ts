/** ModelRegistry: which files a checkpoint needs, and what of them is cached. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { env } from '../../../src/hub/options.ts';
import { ModelRegistry } from '../../../src/pipelines/model-registry.ts';
import { pipeline } from '../../../src/pipelines/pipeline.ts';
import { startLyingHub } from '../../support/lying-hub.js';
import { keepWarnings } from '../../support/warnings.ts';
import { type Contents, checkpoint, type Hub, plain, withVocabulary } from '../hub/checkpoints.ts';

const defaults = { ...env };
const ID = 'org/name';
let folder = '';
let hub: Hub;
keepWarnings();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'registry-'));
  vi.stubEnv('HF_HUB_CACHE', join(folder, 'none'));
  hub = await startLyingHub({ files: plain() });
  Object.assign(env, { remoteHost: hub.url, cacheDir: folder, retryDelay: 1, maxRetries: 0 });
});
afterEach(async () => {
  Object.assign(env, defaults);
  vi.unstubAllEnvs();
  await hub.close();
  await rm(folder, { recursive: true });
});

const load = async () => (await pipeline('feature-extraction', ID, { variant: 'simd' })).dispose();
const use = (files: Contents) => {
  hub.contents.clear();
  for (const [name, bytes] of files) hub.contents.set(name, bytes);
};

describe('ModelRegistry', () => {
  it.each<[string, () => Contents]>([
    ['safetensors', plain],
    ['safetensors with a vocabulary', () => withVocabulary(plain())],
    ['shards', () => checkpoint('sharded-safetensors')],
    ['ONNX', () => checkpoint('onnx', 'onnx/')],
  ])('get_files() names the files that a pipeline then reads: %s', async (_, contents) => {
    use(contents());
    const expected = [...hub.contents.keys()].sort();
    for (const source of [ID, hub.url, Object.fromEntries(hub.contents)]) {
      expect((await ModelRegistry.get_files(source)).sort()).toEqual(expected);
      const files = await ModelRegistry.get_pipeline_files('ner', source);
      expect(files.sort()).toEqual(expected);
    }
    const weights = expected.filter((name) => /safetensors|onnx/.test(name));
    const model = await ModelRegistry.get_model_files(ID);
    expect(model.sort()).toEqual(['config.json', ...weights].sort());
    expect(await ModelRegistry.get_tokenizer_files(ID)).toEqual(
      expect.arrayContaining(['tokenizer_config.json']),
    );
    const gets = hub.requests.filter(({ method, status }) => method === 'GET' && status === 200);
    expect(gets.some(({ path }) => /(\.safetensors|\.onnx)$/.test(path))).toBe(false);
  });

  it('get_tokenizer_files() is empty where there is no tokenizer', async () => {
    hub.contents.delete('tokenizer.json');
    expect(await ModelRegistry.get_tokenizer_files(ID)).toEqual([]);
  });

  it('is_cached() is true once everything is there, without a request', async () => {
    expect(await ModelRegistry.is_cached(ID)).toBe(false);
    expect(hub.requests).toEqual([]);
    expect((await ModelRegistry.is_cached_files(ID)).allCached).toBe(false);
    await load();
    hub.requests.length = 0;
    expect(await ModelRegistry.is_cached(ID)).toBe(true);
    expect(await ModelRegistry.is_pipeline_cached('fill-mask', ID)).toBe(true);
    expect(hub.requests).toEqual([]);
    const status = await ModelRegistry.is_pipeline_cached_files('fill-mask', ID);
    expect(status.allCached).toBe(true);
    expect(status.files).toContainEqual({ file: 'model.safetensors', cached: true });
    await rm(join(folder, ID, 'tokenizer.json'));
    expect(await ModelRegistry.is_cached(ID)).toBe(false);
    expect(await ModelRegistry.is_cached(ID, { include_tokenizer: false })).toBe(true);
  });

  it('clear_cache() deletes what is cached, and says so', async () => {
    await load();
    const cleared = await ModelRegistry.clear_cache(ID);
    expect(cleared).toMatchObject({ filesDeleted: 4, filesCached: 4 });
    expect(cleared.files).toContainEqual({ file: 'config.json', deleted: true, wasCached: true });
    expect(await ModelRegistry.is_cached(ID)).toBe(false);
    const again = await ModelRegistry.clear_pipeline_cache('fill-mask', ID);
    expect(again).toMatchObject({ filesDeleted: 0, filesCached: 0 });
  });

  it('get_file_metadata() tells size and place without loading', async () => {
    const size = hub.contents.get('model.safetensors')!.length;
    const found = () => ModelRegistry.get_file_metadata(ID, 'model.safetensors');
    expect(await found()).toEqual({ exists: true, size, fromCache: false });
    await load();
    expect(await found()).toEqual({ exists: true, size, fromCache: true });
    expect(await ModelRegistry.get_file_metadata(ID, 'none.json')).toEqual({
      exists: false,
      fromCache: false,
    });
  });

  it('get_available_dtypes() names the dtypes that there are files for', async () => {
    expect(await ModelRegistry.get_available_dtypes(ID)).toEqual(['fp32']);
    const onnx = checkpoint('onnx', 'onnx/').get('onnx/model.onnx')!;
    for (const suffix of ['_fp16', '_quantized'])
      hub.contents.set(`onnx/model${suffix}.onnx`, onnx);
    hub.contents.delete('model.safetensors');
    expect(await ModelRegistry.get_available_dtypes(ID)).toEqual(['fp16', 'q8']);
  });

  it('refuses unknown options and tasks', async () => {
    const misspelt = { dtyp: 'q8' } as object;
    await expect(ModelRegistry.get_files(ID, misspelt)).rejects.toThrow('"dtyp" is unknown');
    await expect(ModelRegistry.is_pipeline_cached('fill', ID)).rejects.toThrow(RangeError);
  });
});
