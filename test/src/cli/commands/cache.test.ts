import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { env } from '../../../../src/hub/options.ts';
import { mobilebert } from '../terminal.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cache-'));
  env.cacheDir = folder;
  for (const [path, bytes] of [
    ['org/name/model.safetensors', 1_500_000],
    ['org/name/v1/config.json', 100],
    ['org/name/onnx/model.onnx.abc.part', 2_000_000],
    ['org/other/config.json', 200_000],
    ['alone/config.json', 300_000],
    ['models--org--python/refs/main', 40],
    ['notes.txt', 1],
  ] as const) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), new Uint8Array(bytes));
  }
});

afterEach(async () => {
  env.cacheDir = null;
  await rm(folder, { recursive: true, force: true });
});

const has = (path: string) => existsSync(join(folder, path));

describe('mobilebert-wasm cache list', () => {
  it('shows models with their sizes, and the total size', async () => {
    const { code, stdout } = await mobilebert(['cache', 'list']);
    expect(code).toBe(0);
    expect(stdout.split('\n').map((line) => line.replace(/ {2,}/g, ' | '))).toEqual([
      'Model | Files | Size | Unfinished',
      expect.stringMatching(/^─+$/),
      'alone | 1 | 0.3 MB',
      'org/name | 2 | 1.5 MB | 2.0 MB',
      'org/other | 1 | 0.2 MB',
      `2.0 MB in ${folder}`,
      '',
    ]);
  });

  it('prints one JSON object per model', async () => {
    const { stdout } = await mobilebert(['cache', 'list', '--json']);
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line))[1],
    ).toEqual({
      id: 'org/name',
      files: 2,
      bytes: 1_500_100,
      unfinished_bytes: 2_000_000,
    });
  });

  it('reports an empty cache, also if the folder does not exist', async () => {
    env.cacheDir = join(folder, 'none');
    expect((await mobilebert(['cache', 'list'])).stdout).toBe(`Nothing in ${folder}/none\n`);
  });
});

describe('mobilebert-wasm cache clear', () => {
  it('deletes one model', async () => {
    const { code, stdout } = await mobilebert(['cache', 'clear', 'org/name']);
    expect([code, stdout]).toEqual([0, `Deleted 1 model (3.5 MB) from ${folder}\n`]);
    expect([has('org/name'), has('org/other')]).toEqual([false, true]);
  });

  it('deletes all models, and nothing else', async () => {
    const { stdout } = await mobilebert(['cache', 'clear']);
    expect(stdout).toBe(`Deleted 3 models (4.0 MB) from ${folder}\n`);
    expect([has('org'), has('alone')]).toEqual([false, false]);
    expect([has('notes.txt'), has('models--org--python/refs/main')]).toEqual([true, true]);
  });

  it.each(['..', '../..', 'org', 'org/name/v1', '/', 'none', 'models--org--python'])(
    'refuses %j, which is not a model in the cache',
    async (id) => {
      const { code, stderr } = await mobilebert(['cache', 'clear', id]);
      expect(code).toBe(1);
      expect(stderr).toContain(`Cannot clear "${id}": it is not in the cache`);
      expect(has('org/name/v1')).toBe(true);
    },
  );
});

describe('mobilebert-wasm cache', () => {
  it('names the nearest action, and the nearest model', async () => {
    const wrong = await mobilebert(['cache', 'lsit']);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('found "lsit", expected "list"\n');
    const { code, stderr } = await mobilebert(['cache', 'clear', 'org/nam']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/Cannot clear "org\/nam": .*, expected "org\/name/);
  });

  it.each([[], ['drop'], ['list', 'org/name'], ['clear', 'a', 'b']])(
    'refuses %j with exit code 2',
    async (...args) => {
      const { code, stderr } = await mobilebert(['cache', ...args]);
      expect(code).toBe(2);
      expect(stderr).toContain(
        'expected "list" or "clear" or "verify", and an ID only after "clear" or "verify"',
      );
    },
  );
});
