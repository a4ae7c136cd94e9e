import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pipeline } from '../../../../src/pipelines/pipeline.ts';
import {
  type CheckpointRecord,
  hashedCheckpoint,
  readGolden,
} from '../../pipelines/hashed-checkpoint.ts';
import { writeSource } from '../checkpoint-folder.ts';
import { mobilebert, type Surroundings } from '../terminal.ts';

const source = hashedCheckpoint(readGolden<CheckpointRecord>('feature-extraction'));
const texts = ['I lost my card', 'Rome', 'Where is the money? It is not here.'];
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mobilebert-'));
  writeSource(folder, source);
});

afterAll(() => rmSync(folder, { recursive: true }));

const embed = (args: readonly string[], surroundings?: Surroundings) =>
  mobilebert(['embed', '--model', folder, ...args], surroundings);

describe('mobilebert-wasm embed', () => {
  it.each([
    [[], { pooling: 'mean' }],
    [['--pooling', 'cls', '-n'], { pooling: 'cls', normalize: true }],
    [['--precision', 'binary'], { pooling: 'mean', quantize: true, precision: 'binary' }],
    [
      ['-p', 'last_token', '--precision', 'ubinary'],
      { pooling: 'last_token', quantize: true, precision: 'ubinary' },
    ],
  ] as const)('prints the result of the pipeline for each text: %j', async (args, options) => {
    const extract = await pipeline('feature-extraction', source);
    const vectors = (await extract(texts, options)).tolist() as number[][];
    const { code, stdout, stderr } = await embed(['--json', ...args], { stdin: texts.join('\n') });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(
      texts.map((text, i) => ({ text, embedding: vectors[i] })),
    );
  });

  it('prints a table of sizes and first components', async () => {
    const { stdout } = await embed(['Rome']);
    const [head, , row] = stdout.split('\n');
    expect(head).toMatch(/^Text {2}Size {2}Vector$/);
    expect(row).toMatch(/^Rome {4}32( {1,2}-?\d\.\d{4}){6} …$/);
    const bits = await embed(['--precision', 'ubinary', 'Rome']);
    expect(bits.stdout.split('\n')[2]).toMatch(/^Rome {5}4 {2}\d+ \d+ \d+ \d+$/);
  });

  it('has a default model', async () => {
    const { code, stdout } = await mobilebert(['embed', '--json', 'I lost my card']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).embedding).toHaveLength(128);
  });

  it.each([
    [['-p', 'none', 'x'], '--pooling is "none", expected one of "mean", "cls", "first_token"'],
    [['--precision', 'int4', 'x'], '--precision is "int4", expected one of "float32", "binary"'],
  ])('refuses %j with exit code 2', async (args, message) => {
    const { code, stdout, stderr } = await embed(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
  });
});
