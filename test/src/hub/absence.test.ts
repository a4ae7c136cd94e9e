/** What servers send in place of a file: absence where it is optional, an error that quotes it else. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FilesError } from '../../../src/errors.ts';
import { openFiles } from '../../../src/hub/files.ts';
import { env } from '../../../src/hub/options.ts';
import { AutoModel } from '../../../src/models/heads/auto.ts';
import { pipeline } from '../../../src/pipelines/pipeline.ts';
import { AutoTokenizer } from '../../../src/tokenizer/api/tokenizer.ts';
import { ABSENCES, LIES, startLyingHub } from '../../support/lying-hub.js';
import { keepWarnings } from '../../support/warnings.ts';
import { checkpoint, type Hub, plain, withVocabulary } from './checkpoints.ts';

const defaults = { ...env };
const simd = { variant: 'simd' } as const;
let hub: Hub;
keepWarnings();

beforeEach(() => {
  Object.assign(env, { useFSCache: false, retryDelay: 1, maxRetries: 1, stallTimeout: 2000 });
});
afterEach(async () => {
  Object.assign(env, defaults);
  await hub.close();
});

const messageOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    (error: Error) => `${error.name}: ${error.message}`,
  );

describe.each(ABSENCES)('a server that sends "%s" for every missing file', (lie) => {
  it('serves complete folders of every kind', async () => {
    for (const files of [
      withVocabulary(plain()),
      checkpoint('sharded-safetensors'),
      checkpoint('onnx', 'onnx/'),
      checkpoint('zip'),
    ]) {
      hub = await startLyingHub({ files });
      hub.lies.set('*', lie);
      const made = await pipeline('feature-extraction', hub.url, simd);
      await made.dispose();
      await hub.close();
    }
  });

  it('is quoted where a needed file is missing', async () => {
    hub = await startLyingHub({ files: [['tokenizer_config.json', plain().get('config.json')!]] });
    hub.lies.set('*', lie);
    const quote = /status 404|status 4|HTML|XML|message|an empty file|status 204/;
    const config = await messageOf(AutoModel.from_pretrained(hub.url, simd));
    expect(config).toMatch(/FilesError: .*config\.json/);
    const vocabulary = await messageOf(AutoTokenizer.from_pretrained(hub.url));
    expect(vocabulary).toMatch(/FilesError: .*vocab\.txt/);
    if (lie === 'status 404') return;
    expect(config).toMatch(quote);
    expect(vocabulary).toMatch(quote);
    hub.contents.set('config.json', plain().get('config.json')!);
    const weights = await messageOf(AutoModel.from_pretrained(hub.url, simd));
    expect(weights).toMatch(/FilesError: Cannot load weights: .*model\.safetensors.*answered for/);
    expect(weights).toMatch(quote);
  });
});

describe('a file that a caller names', () => {
  it.each(ABSENCES.filter((lie) => lie !== 'status 404'))('is not absent for "%s"', async (lie) => {
    hub = await startLyingHub({ files: [] });
    hub.lies.set('*', lie);
    await expect((await openFiles(hub.url)).open('notes.bin')).rejects.toThrow(FilesError);
  });
});

describe('a hub that is closed', () => {
  it('keeps the advice about tokens', async () => {
    hub = await startLyingHub({ files: plain() });
    env.remoteHost = hub.url;
    hub.lies.set('config.json', 'status 403');
    const message = await messageOf(AutoModel.from_pretrained('org/name', simd));
    expect(message).toMatch(/status 403 Forbidden, expected a "token" that may read it/);
  });
});

describe('errors of the network', () => {
  it.each(['redirection to nowhere', 'redirection to itself', 'cut connection'])(
    'are FilesErrors for a %s',
    async (lie) => {
      hub = await startLyingHub({ files: plain() });
      for (const file of ['config.json', 'model.safetensors', 'tokenizer.json']) {
        hub.lies.set(file, lie);
        expect(await messageOf(pipeline('feature-extraction', hub.url, simd))).toMatch(
          /^FilesError: Cannot (fetch|read)/,
        );
        hub.lies.clear();
      }
    },
  );
});

describe('content of another kind', () => {
  const bytesOf = (lie: string) => {
    const body = LIES[lie]!(new Uint8Array()).body!;
    return typeof body === 'string' ? new TextEncoder().encode(body) : body;
  };
  it.each(['pointer', 'page', 'page after a comment', 'page after a byte order mark'])(
    'says what it is, in a map of files: %s',
    async (lie) => {
      hub = await startLyingHub({ files: [] });
      const what = lie === 'pointer' ? /a Git LFS pointer/ : /an HTML page/;
      for (const file of ['config.json', 'tokenizer.json', 'model.safetensors']) {
        const files = Object.fromEntries(plain().set(file, bytesOf(lie)));
        const message = await messageOf(pipeline('feature-extraction', files, simd));
        expect(message).toMatch(what);
        expect(message).toContain(file);
      }
      const files = Object.fromEntries(withVocabulary(plain()).set('vocab.txt', bytesOf(lie)));
      expect(await messageOf(AutoTokenizer.from_pretrained(files))).toMatch(what);
    },
  );

  it('says what a pointer on a server is', async () => {
    hub = await startLyingHub({ files: plain() });
    for (const file of ['config.json', 'tokenizer.json', 'model.safetensors']) {
      hub.lies.set(file, 'pointer');
      const message = await messageOf(pipeline('feature-extraction', hub.url, simd));
      expect(message).toMatch(/FilesError: .*a Git LFS pointer.*git lfs pull/);
      hub.lies.clear();
    }
  });

  it('is not seen in tokens that have the names of errors', async () => {
    hub = await startLyingHub({ files: [] });
    const files = { 'added_tokens.json': { error: 7, code: 8 } };
    expect(await (await openFiles(files)).json('added_tokens.json')).toEqual({ error: 7, code: 8 });
  });
});

describe('JSON files', () => {
  it.each([
    ['config.json', 1_000_001],
    ['tokenizer.json', 64_000_001],
    ['model.safetensors.index.json', 16_000_001],
  ])('have a limit of bytes, also after decompression: %s', async (file, bytes) => {
    const files = plain();
    files.set(file, new Uint8Array(bytes).fill(0x20));
    hub = await startLyingHub({ files, gzip: true });
    for (const source of [hub.url, Object.fromEntries(files)]) {
      await expect((await openFiles(source)).json(file)).rejects.toThrow(
        /found more than \d+ bytes/,
      );
    }
  });

  it('have a limit of depth', async () => {
    const deep = new TextEncoder().encode(`${'['.repeat(100_000)}${']'.repeat(100_000)}`);
    hub = await startLyingHub({ files: [['config.json', deep]] });
    for (const source of [hub.url, { 'config.json': deep }]) {
      await expect((await openFiles(source)).json('config.json')).rejects.toThrow(
        /Cannot parse "config.json" of .*: it nests deeper than 32/,
      );
    }
  });

  it('may hold the constants that Python writes', async () => {
    hub = await startLyingHub({ files: [] });
    const text = new TextEncoder().encode('{"a": Infinity, "b": [-Infinity, NaN]}');
    expect(await (await openFiles({ 'x.json': text })).json('x.json')).toEqual({
      a: Number.POSITIVE_INFINITY,
      b: [Number.NEGATIVE_INFINITY, Number.NaN],
    });
  });
});
