/** progress_total: known from its first event, over every file, never falling, ending at 100. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { env } from '../../../src/hub/options.ts';
import type { ProgressEvent } from '../../../src/hub/progress.ts';
import type { Source } from '../../../src/hub/source.ts';
import { AutoModel } from '../../../src/models/heads/auto.ts';
import { pipeline } from '../../../src/pipelines/pipeline.ts';
import { AutoTokenizer } from '../../../src/tokenizer/api/tokenizer.ts';
import { startLyingHub } from '../../support/lying-hub.js';
import { keepWarnings } from '../../support/warnings.ts';
import { type Contents, checkpoint, type Hub, plain, withVocabulary } from './checkpoints.ts';

type Total = Extract<ProgressEvent, { status: 'progress_total' }>;

const defaults = { ...env };
const simd = { variant: 'simd' } as const;
let folder = '';
let hub: Hub | undefined;
keepWarnings();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'progress-'));
  vi.stubEnv('HF_HUB_CACHE', join(folder, 'none'));
  Object.assign(env, { cacheDir: join(folder, 'cache'), retryDelay: 1 });
});
afterEach(async () => {
  Object.assign(env, defaults);
  vi.unstubAllEnvs();
  await hub?.close();
  await rm(folder, { recursive: true });
});

const layouts: [name: string, files: () => Contents][] = [
  ['safetensors', plain],
  ['safetensors with a vocabulary', () => withVocabulary(plain())],
  ['shards', () => checkpoint('sharded-safetensors')],
  ['PyTorch', () => checkpoint('zip')],
  ['ONNX', () => checkpoint('onnx', 'onnx/')],
  ['Keras', () => checkpoint('keras')],
];

const places: [name: string, place: (files: Contents) => Promise<Source>][] = [
  ['a map of files', async (files) => Object.fromEntries(files)],
  [
    'a folder',
    async (files) => {
      for (const [name, bytes] of files) {
        await mkdir(dirname(join(folder, 'x', name)), { recursive: true });
        await writeFile(join(folder, 'x', name), bytes);
      }
      return join(folder, 'x');
    },
  ],
  [
    'a static host',
    async (files) => {
      hub = await startLyingHub({ files });
      return hub.url;
    },
  ],
  [
    'a mirror without a list',
    async (files) => {
      hub = await startLyingHub({ files });
      env.remoteHost = hub.url;
      return 'org/name';
    },
  ],
  [
    'a hub with a list',
    async (files) => {
      hub = await startLyingHub({ files, hasApi: true, hasHashes: true });
      vi.stubEnv('HF_ENDPOINT', hub.url);
      return 'org/name';
    },
  ],
  [
    'the cache',
    async (files) => {
      hub = await startLyingHub({ files, hasApi: true });
      env.remoteHost = hub.url;
      await (await pipeline('feature-extraction', 'org/name', simd)).dispose();
      return 'org/name';
    },
  ],
];

/** Checks the events of a load of all the named files. */
function check(events: readonly { status: string }[], files: Contents, names: string[]): void {
  const totals = events.filter((event) => event.status === 'progress_total') as Total[];
  const bytes = names.reduce((sum, name) => sum + files.get(name)!.length, 0);
  expect(totals.length).toBeGreaterThan(0);
  let last = { progress: 0, loaded: 0 };
  for (const { total, progress, loaded, files } of totals) {
    expect(total).toBe(bytes);
    expect(Object.keys(files).sort()).toEqual(names);
    expect(progress).toBeGreaterThanOrEqual(last.progress);
    expect(loaded).toBeGreaterThanOrEqual(last.loaded);
    expect(loaded).toBeLessThanOrEqual(total);
    last = { progress, loaded };
  }
  expect(last).toEqual({ progress: 100, loaded: bytes });
  expect(totals.filter(({ progress }) => progress === 100).length).toBe(1);
}

describe.each(places)('progress_total of %s', (_, place) => {
  it.each(layouts)('has one total for model and tokenizer: %s', async (_, contents) => {
    const files = contents();
    const events: { status: string }[] = [];
    const source = await place(files);
    const progress_callback = (event: { status: string }) => void events.push(event);
    const made = await pipeline('feature-extraction', source, { ...simd, progress_callback });
    await made.dispose();
    check(events, files, [...files.keys()].sort());
    expect(events.at(-1)!.status).toBe('ready');
  });

  it('has the total of a model alone, and of a tokenizer alone', async () => {
    const files = withVocabulary(plain());
    const source = await place(files);
    const events: ProgressEvent[] = [];
    const progress_callback = (event: ProgressEvent) => void events.push(event);
    await AutoModel.from_pretrained(source, { ...simd, progress_callback });
    check(events, files, ['config.json', 'model.safetensors']);
    events.length = 0;
    await AutoTokenizer.from_pretrained(source, { progress_callback });
    check(events, files, ['tokenizer_config.json', 'vocab.txt']);
  });
});

describe('progress_total of files whose sizes nobody knows', () => {
  it('never falls, never exceeds 100 and ends at 100', async () => {
    const files = plain();
    hub = await startLyingHub({ files, gzip: true });
    const all: number[] = [];
    const progress_callback = (event: { status: string; progress?: number }) => {
      if (event.status === 'progress_total') all.push(event.progress!);
    };
    await (await pipeline('feature-extraction', hub.url, { ...simd, progress_callback })).dispose();
    expect(all.length).toBeGreaterThan(0);
    expect(all).toEqual([...all].sort((a, b) => a - b));
    expect(all.at(-1)).toBe(100);
    expect(all.filter((progress) => progress >= 100).length).toBe(1);
  });
});
