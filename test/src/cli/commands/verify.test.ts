/**
 * `mobilebert-wasm verify` over a hub on this machine: made-up weights of the released shapes, with a
 * token of massive activations, and outputs of the float64 reference.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { PUBLISHED } from '../../../../src/cli/commands/verify.ts';
import type { Verification } from '../../../../src/cli/verification.ts';
import { env } from '../../../../src/hub/options.ts';
import { runTwin } from '../../../reference/heads.ts';
import { fullConfig, hashedSafetensors, hashedWeights } from '../../../support/hashed-weights.ts';
import type { MassiveToken } from '../../../support/massive-token.ts';
import { hubHeaders, serveFile, startServer, type TestServer } from '../../hub/server.ts';
import { goldenSource } from '../../pipelines/golden-pipelines.ts';
import { writeSource } from '../checkpoint-folder.ts';
import { mobilebert } from '../terminal.ts';

const HEAD = 'MobileBertForQuestionAnswering';
const RELEASED = 'google/mobilebert-uncased';
/** As large as in the published slice. */
const TOKEN: MassiveToken = {
  channels: new Map([
    [0, -2.5e7],
    [1, 8e4],
    [2, 1.6e5],
  ]),
  reading: 0.3,
};

const defaults = { ...env };
let folder = '';
let server: TestServer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'verify-'));
  const contents = new Map<string, Uint8Array>([
    ['config.json', Buffer.from(JSON.stringify(fullConfig(HEAD)))],
    ['model.safetensors', Buffer.concat([...hashedSafetensors(HEAD, new Map(), TOKEN)])],
  ]);
  server = await startServer((request, response) => {
    const [, repository, file] = /^\/(.+)\/resolve\/main\/(.+)$/.exec(request.url!) ?? [];
    const content = repository === RELEASED ? contents.get(file!) : undefined;
    if (!content) return void response.writeHead(404).end();
    serveFile(request, response, content, { headers: hubHeaders(content, 'lfs') });
  });
  Object.assign(env, { remoteHost: server.url, cacheDir: join(folder, 'cache') });
  vi.stubEnv('HF_HUB_CACHE', join(folder, 'none'));
});

afterAll(async () => {
  Object.assign(env, defaults);
  vi.unstubAllEnvs();
  await server.close();
  rmSync(folder, { recursive: true });
});

describe('mobilebert-wasm verify', () => {
  it('has the slice that Hugging Face publishes, within 1e-3', () => {
    expect(PUBLISHED.input_ids).toEqual([[101, 7110, 1005, 1056, 2023, 11333, 17413, 1029, 102]]);
    expect(PUBLISHED.outputs.last_hidden_state).toEqual([
      [
        [-24736526, 82691.656, 165218.38],
        [-0.57541704, 3.9056022, 4.4011507],
        [2.6047359, 1.5677652, -0.17324188],
      ],
    ]);
    expect(PUBLISHED.relative).toBe(1e-3);
  });

  it('takes the released checkpoint by default, and fails where it is another', async () => {
    const { code, stdout, stderr } = await mobilebert(['verify', '--skip-calibration']);
    expect(code).toBe(1);
    expect(stderr).toBe(
      `mobilebert-wasm: Cannot verify "${RELEASED}": last_hidden_state differs from the reference\n`,
    );
    expect(stdout).toMatch(/^google\/mobilebert-uncased, MobileBertForQuestionAnswering\n/);
    expect(stdout).toMatch(/\nmobilebert-wasm \d+\.\d+\.\d+, Node \d+\.\d+\.\d+, \w+ \w+, .+\n/);
    expect(stdout).toMatch(/\nlast_hidden_state +9 .+ WRONG\n/);
    expect(stdout).toMatch(/\nq8 +(simd|dot) .+ %\n/);
  });

  it('compares with a reference from a file, and dtypes with fp32', async () => {
    const file = join(folder, 'reference.json');
    writeFileSync(file, JSON.stringify({ ...PUBLISHED, outputs: twinOutputs() }));
    const { code, stdout } = await mobilebert([
      ...['verify', '--json', '--skip-calibration'],
      ...['--reference', file, RELEASED],
    ]);
    expect(code).toBe(0);
    const found = JSON.parse(stdout) as Verification & { machine: string };
    expect(found.references.map(({ output, count, isRight }) => [output, count, isRight])).toEqual([
      ['last_hidden_state', 9, true],
      ['start_logits', 9, true],
    ]);
    for (const { relative } of found.references) expect(relative).toBeLessThan(1e-3);
    expect(found.texts).toBe(4);
    const bounds = { fp16: 0.002, q8: 0.018, 'q8-fast': 0.03 } as Record<string, number>;
    expect(found.dtypes.map(({ dtype }) => dtype)).toEqual(Object.keys(bounds));
    for (const { dtype, outputs, first_token, other_tokens, massive } of found.dtypes) {
      for (const error of [outputs, first_token, other_tokens]) {
        expect(error, dtype).toBeGreaterThan(0);
        expect(error, dtype).toBeLessThanOrEqual(bounds[dtype]!);
      }
      expect(massive, dtype).toBeLessThanOrEqual(bounds[dtype]!);
    }
    expect(found.masked).toEqual([]);
  });

  it('calibrates, and fills the masks of three sentences', async () => {
    const files = goldenSource('fill-mask');
    const config = { ...files['config.json'], architectures: ['MobileBertForMaskedLM'] };
    writeSource(folder, { ...files, 'config.json': config });
    const { code, stdout, stderr } = await mobilebert(['verify', '--json', folder]);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const { dtypes, masked, texts, references } = JSON.parse(stdout) as Verification;
    expect(texts).toBe(12);
    expect(references).toEqual([]);
    const errors = new Map(dtypes.map(({ dtype, outputs }) => [dtype, outputs]));
    expect(errors.get('q8, calibrated')).toBeLessThan(errors.get('q8')!);
    expect(errors.get('q8-fast, calibrated')).toBeGreaterThan(0);
    expect(masked).toHaveLength(3);
    for (const { text, words } of masked) {
      expect(text).toContain('[MASK]');
      expect(Object.keys(words)).toEqual(['fp32', 'fp16', 'q8', 'q8-fast']);
      for (const word of Object.values(words)) expect(word).toMatch(/^\S+ \d+\.\d %$/);
    }
  });

  it.each([
    ['no JSON', '{"input_ids": [[1]', /Cannot read the reference ".+":/],
    ['an empty list', '[]', /found an empty list, expected at least one reference/],
    ['an unknown field', '{"ids": []}', /found "ids", expected one of input_ids/],
    ['ids without rows', '{"input_ids": [1]}', /found input_ids of another form/],
    ['no outputs', '{"input_ids": [[1]], "outputs": {}}', /found no outputs/],
    [
      'ragged outputs',
      '{"input_ids": [[1]], "outputs": {"a": [[1], [2, 3]]}}',
      /found a of another/,
    ],
    [
      'a bound of 0',
      '{"input_ids": [[1]], "outputs": {"a": [1]}, "relative": 0}',
      /found relative 0/,
    ],
    ['lists without end', '['.repeat(100_000), /nests deeper/],
  ])('refuses a reference with %s', async (_, text, message) => {
    const file = join(folder, 'broken.json');
    writeFileSync(file, text);
    const { code, stderr } = await mobilebert(['verify', '--reference', file, RELEASED]);
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
  });

  it('refuses a second source', async () => {
    const { code, stderr } = await mobilebert(['verify', 'a', 'b']);
    expect(code).toBe(2);
    expect(stderr).toContain('found 2 of them, expected at most 1: SOURCE');
  });
});

/** The slice [0, :3, :3] of the reference's last hidden state, and its first logits. */
function twinOutputs() {
  const ids = PUBLISHED.input_ids[0]!;
  const outputs = runTwin({
    head: HEAD,
    config: fullConfig(HEAD),
    weights: hashedWeights(HEAD, TOKEN),
    inputs: new Map([
      ['input_ids', { shape: [1, ids.length], data: ids }],
      ['output_hidden_states', { shape: [], data: [1] }],
    ]),
  });
  const { data, shape } = outputs.get('hidden_states.24')!;
  const row = (s: number) => Array.from(data).slice(s * shape[2]!, s * shape[2]! + 3);
  const start = Array.from(outputs.get('start_logits')!.data);
  return { last_hidden_state: [[row(0), row(1), row(2)]], start_logits: [start] };
}
