/** Names: local copies on the page's own site and on servers, and names that mean nothing. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { env } from '../../../src/hub/options.ts';
import { AutoModel } from '../../../src/models/heads/auto.ts';
import { pipeline } from '../../../src/pipelines/pipeline.ts';
import { platform } from '../../../src/platform/node.ts';
import { AutoTokenizer } from '../../../src/tokenizer/api/tokenizer.ts';
import { startLyingHub } from '../../support/lying-hub.js';
import { keepWarnings } from '../../support/warnings.ts';
import { type Hub, plain } from './checkpoints.ts';

const defaults = { ...env };
const simd = { variant: 'simd' } as const;
let site: Hub;
let hub: Hub;
let folder = '';
keepWarnings();

beforeEach(async () => {
  const copies = [...plain()].map(([name, bytes]) => [`models/org/name/${name}`, bytes] as const);
  site = await startLyingHub({ files: copies });
  hub = await startLyingHub({ files: plain() });
  folder = await mkdtemp(join(tmpdir(), 'locate-'));
  Object.assign(env, { remoteHost: hub.url, useFSCache: false, retryDelay: 1, maxRetries: 0 });
});
afterEach(async () => {
  Object.assign(env, defaults);
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await Promise.all([site.close(), hub.close()]);
  await rm(folder, { recursive: true });
});

const load = async (id = 'org/name') => (await pipeline('feature-extraction', id, simd)).dispose();

/** As on a page of the site. */
function onPage(): void {
  vi.spyOn(platform, 'pathUrl').mockImplementation((path) => new URL(path, `${site.url}app/`));
  vi.spyOn(platform, 'isFolder').mockResolvedValue(false);
}

describe('env.localModelPath on a page', () => {
  it("loads from the page's own site where nothing remote is allowed", async () => {
    onPage();
    env.localModelPath = '/models/';
    env.allowRemoteModels = false;
    await load();
    expect(hub.requests).toEqual([]);
    expect(site.requests.every(({ path }) => path.startsWith('/models/org/name/'))).toBe(true);
    expect(site.failed()).toEqual([]);
  });

  it('is asked first, then the hub', async () => {
    onPage();
    env.localModelPath = '../models/';
    await load();
    expect(hub.requests).toEqual([]);
    env.localModelPath = '/elsewhere/';
    await load();
    expect(site.failed()).toEqual(['/elsewhere/org/name/config.json']);
    expect(hub.requests.length).toBe(4);
  });

  it('is not asked as long as nobody sets it', async () => {
    onPage();
    await load();
    expect(site.requests).toEqual([]);
  });

  it('is not asked under allowLocalModels = false', async () => {
    onPage();
    Object.assign(env, { allowLocalModels: false, allowRemoteModels: false });
    await expect(load()).rejects.toThrow('env.allowRemoteModels is false');
    expect(site.requests).toEqual([]);
  });

  it('says where nothing was found', async () => {
    onPage();
    env.allowRemoteModels = false;
    await expect(load('org/other')).rejects.toThrow(
      /Cannot open "org\/other": it is not at http.*\/models\/org\/other\/ .*env\.allowRemoteModels is false/,
    );
    expect(hub.requests).toEqual([]);
  });
});

describe('env.localModelPath on a server', () => {
  it('is asked first, then the hub, in any runtime', async () => {
    env.localModelPath = `${site.url}models`;
    await load();
    expect(hub.requests).toEqual([]);
    await load('org/name2').catch(() => {});
    const paths = hub.requests.map(({ path }) => path);
    expect(paths).toContain('/org/name2/resolve/main/config.json');
  });

  it('is not asked under allowLocalModels = false', async () => {
    env.localModelPath = `${site.url}models`;
    env.allowLocalModels = false;
    await load();
    expect(site.requests).toEqual([]);
  });
});

describe('a name that means nothing', () => {
  beforeEach(async () => {
    env.localModelPath = folder;
    for (const name of ['my-modle', 'other']) {
      await mkdir(join(folder, name));
      await writeFile(join(folder, name, 'config.json'), '{}');
    }
    await mkdir(join(folder, 'no-model'));
  });

  it.each<[string, () => Promise<unknown>]>([
    ['AutoModel', () => AutoModel.from_pretrained('my-model', simd)],
    ['AutoTokenizer', () => AutoTokenizer.from_pretrained('my-model')],
    ['pipeline()', () => load('my-model')],
  ])('is said to be neither a folder nor a model of the hub, by %s', async (_, act) => {
    const error = await act().catch((failure: Error) => failure);
    const { message } = error as Error;
    expect(message).toMatch(
      /^Cannot open "my-model": found neither a folder nor a model of the hub of that name \(.*status 404/,
    );
    expect(message).toContain(`did you mean ${JSON.stringify(join(folder, 'my-modle'))}?`);
    expect(message).toContain(JSON.stringify(join(folder, 'other')));
    expect(message).not.toContain('no-model');
  });

  it('is said so where the hub answers 401, and where it cannot be reached', async () => {
    env.fetch = async () => new Response('Unauthorized', { status: 401 });
    await expect(load('my-model')).rejects.toThrow(/neither a folder nor a model.*status 401/);
    env.fetch = async () => Promise.reject(new TypeError('fetch failed'));
    await expect(load('my-model')).rejects.toThrow(/neither a folder nor a model.*fetch failed/);
  });

  it('may be a path', async () => {
    await expect(load(join(folder, 'my-mode1'))).rejects.toThrow(
      `did you mean ${JSON.stringify(join(folder, 'my-modle'))}?`,
    );
  });

  it('is not said of a model that lacks a file', async () => {
    hub.contents.delete('tokenizer.json');
    await expect(AutoTokenizer.from_pretrained('org/name')).rejects.toThrow(
      /Cannot load a tokenizer from "org\/name": found neither tokenizer.json nor vocab.txt/,
    );
  });
});
