/** `mobilebert-wasm next` and `choose`, on golden checkpoints with a small vocabulary. */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pipeline } from '../../../../src/pipelines/pipeline.ts';
import { loadCase } from '../../../support/golden.ts';
import { sourceOf, vocabulary } from '../../pipelines/support.ts';
import { mobilebert, type Surroundings } from '../terminal.ts';

const MODELS = { next: 'pretraining', choose: 'choice' } as const;
const PAIRS = [
  ['my card is lost', 'where is my pin ?'],
  ['how do i pay ?', 'rome'],
] as const;
const STORIES = [
  ['my card is lost', 'where ?', 'new pin', 'rome'],
  ['how do i pay ?', 'card', 'money'],
] as const;

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mobilebert-'));
  for (const [command, golden] of Object.entries(MODELS)) {
    cpSync(loadCase(golden).folder, join(folder, command), { recursive: true });
    writeFileSync(join(folder, command, 'vocab.txt'), vocabulary);
  }
  writeFileSync(join(folder, 'pairs.tsv'), `${linesOf(PAIRS)}\r\n\r\n`);
});

afterAll(() => rmSync(folder, { recursive: true }));

const linesOf = (groups: readonly (readonly string[])[]) =>
  groups.map((texts) => texts.join('\t')).join('\r\n');

const call = (command: keyof typeof MODELS, args: readonly string[], more?: Surroundings) =>
  mobilebert([command, '--model', join(folder, command), ...args], more);

const parse = (lines: string) =>
  lines
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('mobilebert-wasm next', () => {
  it('prints one JSON line per pair with the result of the pipeline', async () => {
    const follows = await pipeline('next-sentence-prediction', sourceOf('pretraining'));
    const [texts, nexts] = [0, 1].map((i) => PAIRS.map((pair) => pair[i]!));
    const found = await follows(texts!, nexts!);
    const expected = PAIRS.map(([text, next], i) => ({ text, next, ...found[i] }));
    const { code, stdout, stderr } = await call('next', ['--json'], { stdin: linesOf(PAIRS) });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(parse(stdout)).toEqual(expected);
    const read = await call('next', ['--json', '-f', join(folder, 'pairs.tsv')]);
    expect(read.stdout).toBe(stdout);
    const given = await call('next', ['--json', ...PAIRS[0]]);
    expect(parse(given.stdout)).toEqual(expected.slice(0, 1));
  });

  it('prints a table with the verdict, which fits the terminal', async () => {
    const { stdout } = await call('next', ['my card is lost', 'rome'], { columns: 60 });
    const [head, , row] = stripVTControlCharacters(stdout).split('\n');
    expect(head).toMatch(/^Text +Next +Follows +Score$/);
    expect(row).toMatch(/^my card is lost +rome +(yes|no) +\d+\.\d %$/);
  });

  it.each([
    [['pin'], 'found 1 of them, expected 2: TEXT NEXT'],
    [['a', 'b', 'c'], 'found 3 of them, expected 2: TEXT NEXT'],
    [['a', ' '], 'found no text in argument 2'],
    [['-f', 'x', 'a', 'b'], 'found both texts and --file'],
    [['--dtype', 'int8', 'a', 'b'], '--dtype is "int8"'],
  ])('refuses %j with exit code 2', async (args, message) => {
    const { code, stdout, stderr } = await call('next', args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  it.each([
    ['one text', 'found 1 of them, expected 2: TEXT NEXT, with tabs between them'],
    ['a\tb\tc', 'found 3 of them, expected 2'],
    ['a\t ', 'found 1 of them, expected 2'],
  ])('fails on the line %j with exit code 1', async (line, message) => {
    const { code, stderr } = await call('next', [], { stdin: `my card\tpin\n${line}\n` });
    expect(code).toBe(1);
    expect(stderr).toContain(`Cannot read the line ${JSON.stringify(line)}`);
    expect(stderr).toContain(message);
  });

  it('refuses a call without texts', async () => {
    const { code, stderr } = await call('next', []);
    expect(code).toBe(2);
    expect(stderr).toContain('Cannot read texts: found none in standard input');
  });
});

describe('mobilebert-wasm choose', () => {
  it('prints one JSON line per text with the result of the pipeline', async () => {
    const choose = await pipeline('multiple-choice', sourceOf('choice'));
    const texts = STORIES.map(([text]) => text);
    const choices = STORIES.map(([, ...rest]) => rest);
    const found = await choose(texts, choices);
    const expected = texts.map((text, i) => ({ text, choices: found[i]! }));
    const { code, stdout, stderr } = await call('choose', ['--json'], { stdin: linesOf(STORIES) });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(parse(stdout)).toEqual(expected);
    const given = await call('choose', ['--json', ...STORIES[0]]);
    expect(parse(given.stdout)).toEqual(expected.slice(0, 1));
    const best = await call('choose', ['--json', '-k', '1', ...STORIES[0]]);
    expect(parse(best.stdout)[0].choices).toEqual(expected[0]!.choices.slice(0, 1));
  });

  it('prints a table of the choices, best first, with the text once', async () => {
    const { stdout } = await call('choose', ['--dtype', 'q8', ...STORIES[1]]);
    const [head, , ...rows] = stdout.trimEnd().split('\n');
    expect(head).toMatch(/^Text +Choice +Score$/);
    expect(rows[0]).toMatch(/^how do i pay \? +(card|money) +\d+\.\d %$/);
    expect(rows[1]).toMatch(/^ +(card|money) +\d+\.\d %$/);
  });

  it.each([
    [['a', 'b'], 'found 2 of them, expected at least 3: TEXT CHOICE CHOICE...'],
    [['-k', '0', 'a', 'b', 'c'], '--top-k is "0"'],
  ])('refuses %j with exit code 2', async (args, message) => {
    const { code, stderr } = await call('choose', args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});
