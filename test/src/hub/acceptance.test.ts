/** What enters the cache of a hub that declares no hashes, and what leaves it. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { cache } from '../../../src/cli/commands/cache.ts';
import { openFiles } from '../../../src/hub/files.ts';
import { env } from '../../../src/hub/options.ts';
import { AutoModel } from '../../../src/models/heads/auto.ts';
import { pipeline } from '../../../src/pipelines/pipeline.ts';
import { LIES, startLyingHub } from '../../support/lying-hub.js';
import { keepWarnings } from '../../support/warnings.ts';
import { type Contents, checkpoint, type Hub, plain, withVocabulary } from './checkpoints.ts';

const defaults = { ...env };
const simd = { variant: 'simd' } as const;
let folder = '';
let hub: Hub;
keepWarnings();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'accept-'));
  vi.stubEnv('HF_HUB_CACHE', join(folder, 'none'));
  await start(plain());
});
afterEach(async () => {
  Object.assign(env, defaults);
  vi.unstubAllEnvs();
  await hub.close();
  await rm(folder, { recursive: true });
});

async function start(files: Contents, options = {}): Promise<void> {
  await hub?.close();
  hub = await startLyingHub({ files, ...options });
  Object.assign(env, { remoteHost: hub.url, cacheDir: folder });
  Object.assign(env, { retryDelay: 1, maxRetries: 1, stallTimeout: 2000 });
}

const cached = async () =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
const put = async (path: string, bytes: Uint8Array | string) => {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), bytes);
};
const load = async () => (await pipeline('feature-extraction', 'org/name', simd)).dispose();

/** Lies that leave a file, which is not the right one. */
const WRONG = Object.keys(LIES).filter(
  (lie) => !/^(status 404|status 410|redirection|twice it)/.test(lie),
);

describe.each(['config.json', 'tokenizer.json', 'model.safetensors'])('%s', (file) => {
  // A pair of numbers in JSON is no number that was cut.
  const lies = WRONG.filter((lie) => !(lie === 'broken JSON' && !file.endsWith('.json')));

  it.each(lies)(
    'does not enter the cache as "%s", and loads once the hub is honest',
    async (lie) => {
      hub.lies.set(file, lie);
      await expect(load()).rejects.toThrow(/Cannot/);
      expect(await cached()).not.toContain(`org/name/${file}`);
      hub.lies.clear();
      await load();
      expect(await cached()).toContain(`org/name/${file}`);
    },
  );
});

describe('vocab.txt', () => {
  it.each(WRONG.filter((lie) => !/JSON|half/.test(lie) || lie === 'error in JSON'))(
    'does not enter the cache as "%s"',
    async (lie) => {
      await start(withVocabulary(plain()));
      hub.lies.set('vocab.txt', lie);
      await load().catch(() => {});
      expect(await cached()).not.toContain('org/name/vocab.txt');
    },
  );
});

describe.each(['zip', 'legacy', 'onnx'])('weights of format %s', (format) => {
  const files = () => checkpoint(format, format === 'onnx' ? 'onnx/' : '');
  const name = { zip: 'pytorch_model.bin', legacy: 'pytorch_model.bin', onnx: 'onnx/model.onnx' }[
    format
  ]!;

  it('do not stay in the cache when their reader refuses them', async () => {
    for (const lie of ['cut chunks', 'half of it', 'pointer']) {
      await start(files());
      hub.lies.set(name, lie);
      await expect(AutoModel.from_pretrained('org/name', simd)).rejects.toThrow(/Cannot/);
      expect(await cached()).not.toContain(`org/name/${name}`);
    }
    hub.lies.clear();
    await AutoModel.from_pretrained('org/name', simd);
    expect(await cached()).toContain(`org/name/${name}`);
  });
});

describe('a part of an earlier download', () => {
  it('is not continued where no hash can tell whether it is still right', async () => {
    const bytes = hub.contents.get('model.safetensors');
    const corrupt = bytes!.slice(0, bytes!.length >> 1);
    corrupt[corrupt.length - 1]! ^= 255;
    await put('org/name/model.safetensors.new.part', corrupt);
    await load();
    expect(await readFile(join(folder, 'org/name/model.safetensors'))).toEqual(Buffer.from(bytes!));
    expect(hub.requests.some(({ headers }) => headers.range)).toBe(false);
  });
});

describe('a wrong file that is in the cache', () => {
  it.each([
    ['config.json', '{"error": "Entry not found"}'],
    ['config.json', '{"model_type": "mobile'],
    ['tokenizer.json', '<!-- x --><html></html>'],
    ['tokenizer_config.json', 'Not Found'],
  ])('is dropped, and loaded again: %s', async (file, text) => {
    await load();
    await put(`org/name/${file}`, text);
    await load();
    expect(await readFile(join(folder, 'org/name', file))).toEqual(
      Buffer.from(hub.contents.get(file)!),
    );
  });

  it('is dropped when it holds weights that cannot be read', async () => {
    await load();
    await put('org/name/model.safetensors', 'version https://git-lfs.github.com/spec/v1\n');
    await expect(load()).rejects.toThrow('a Git LFS pointer');
    await load();
    const bytes = hub.contents.get('model.safetensors')!;
    await put('org/name/model.safetensors', bytes.subarray(0, 5000));
    await expect(load()).rejects.toThrow('Cannot load weights');
    await load();
  });
});

describe('cache verify', () => {
  const verify = async (...args: string[]) => {
    let text = '';
    const out = {
      write(piece: string, done: () => void) {
        text += piece;
        done();
      },
    };
    const io = { stdin: (async function* () {})(), stdout: out, stderr: out, env: {} };
    await cache.run(['verify', ...args], io as never);
    return text;
  };

  it('finds and deletes what is wrong by its kind', async () => {
    await load();
    expect(await verify()).toMatch(/^4 files checked, 0 files wrong/);
    await put('org/name/config.json', 'Not Found');
    await put('org/name/tokenizer.json', '');
    const text = await verify('org/name');
    expect(text).toMatch(/org\/name\/config\.json: found a server's message.*; deleted/);
    expect(text).toMatch(/org\/name\/tokenizer\.json: it is empty; deleted/);
    expect(text).toMatch(/4 files checked, 2 files wrong/);
    expect(await cached()).toEqual([
      'org/name/model.safetensors',
      'org/name/tokenizer_config.json',
    ]);
  });

  it("finds by the hub's hashes what no reader would notice", async () => {
    await start(plain(), { hasApi: true });
    await load();
    const bytes = hub.contents.get('model.safetensors')!.slice();
    bytes[bytes.length - 1]! ^= 1;
    await put('org/name/model.safetensors', bytes);
    const lines = (await verify('--json'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.length).toBe(4);
    expect(lines.filter(({ flaw }) => flaw !== null)).toEqual([
      { id: 'org/name', file: 'model.safetensors', flaw: expect.stringMatching(/its sha1 is/) },
    ]);
  });
});

describe('a file whose length nobody knows', () => {
  it('is kept when it shows by itself that it is whole', async () => {
    await start(withVocabulary(plain()), { gzip: true });
    await load();
    expect(await cached()).toEqual([
      'org/name/config.json',
      'org/name/model.safetensors',
      'org/name/tokenizer_config.json',
      'org/name/vocab.txt',
    ]);
    const files = await openFiles('org/name', { local_files_only: true });
    expect(await files.text('vocab.txt')).toContain('[MASK]');
  });
});
