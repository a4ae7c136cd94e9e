import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pipeline } from '../../../../src/pipelines/pipeline.ts';
import { loadCase } from '../../../support/golden.ts';
import { sourceOf, texts, vocabulary } from '../../pipelines/support.ts';
import { mobilebert, type Surroundings } from '../terminal.ts';

let folder = '';
const model = () => join(folder, 'single');

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mobilebert-'));
  for (const [name, golden] of [
    ['single', 'sequence-single'],
    ['regression', 'sequence-regression-3'],
  ] as const) {
    cpSync(loadCase(golden).folder, join(folder, name), { recursive: true });
    writeFileSync(join(folder, name, 'vocab.txt'), vocabulary);
  }
  writeFileSync(join(folder, 'texts.txt'), `${texts.join('\r\n')}\n\n   \n`);
});

afterAll(() => rmSync(folder, { recursive: true }));

const classify = (args: readonly string[], surroundings?: Surroundings) =>
  mobilebert(['classify', '--model', model(), ...args], surroundings);

const rowsOf = (table: string) => table.trimEnd().split('\n').slice(2);

const parse = (lines: string) =>
  lines
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('mobilebert-wasm classify', () => {
  it('prints one JSON line per text with the result of the pipeline', async () => {
    const pipe = await pipeline('text-classification', sourceOf('sequence-single'));
    const found = await pipe(texts, { top_k: 2 });
    const { code, stdout, stderr } = await classify(['--json', '-k', '2', ...texts]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(parse(stdout)).toEqual(texts.map((text, i) => ({ text, labels: found[i] })));
  });

  it('prints one label in a list by default, and all labels with --top-k all', async () => {
    const one = parse((await classify(['--json', 'pin'])).stdout);
    expect(one[0].labels).toHaveLength(1);
    const all = parse((await classify(['--json', '--top-k', 'all', 'pin'])).stdout);
    expect(all[0].labels).toHaveLength(7);
  });

  it('reads arguments, a file and standard input alike, and skips blank lines', async () => {
    const { stdout } = await classify(['--json', ...texts]);
    const lines = `${texts.join('\n')}\n\n`;
    expect((await classify(['--json', '--file', join(folder, 'texts.txt')])).stdout).toBe(stdout);
    expect((await classify(['--json'], { stdin: lines })).stdout).toBe(stdout);
    expect((await classify(['--json', '-f', '-'], { stdin: lines })).stdout).toBe(stdout);
  });

  it('joins lines and characters that are split over chunks', async () => {
    const bytes = new TextEncoder().encode('für mich\r\n日本\nlast');
    const pieces = Array.from(bytes, (byte) => Uint8Array.of(byte));
    const { stdout } = await classify(['--json'], { stdin: pieces });
    expect(parse(stdout).map(({ text }) => text)).toEqual(['für mich', '日本', 'last']);
  });

  it('classifies long input in batches, in order', async () => {
    const many = Array.from({ length: 700 }, (_, i) => `pin ${i}`);
    const { stdout } = await classify(['--json'], { stdin: many.join('\n') });
    expect(parse(stdout).map(({ text }) => text)).toEqual(many);
  });

  it('takes arguments after -- as text', async () => {
    const { stdout } = await classify(['--json', '--', '--help']);
    expect(parse(stdout)[0].text).toBe('--help');
  });

  it('prints a table: text, label and percentage, without colours or cuts in a pipe', async () => {
    const long = 'my card is lost '.repeat(12).trim();
    const { stdout } = await classify([long, 'pin']);
    const [head, rule, ...rows] = stdout.trimEnd().split('\n');
    expect(head).toMatch(/^Text {189}Label {4} {1,}Score$/);
    expect(rule).toMatch(/^─+$/);
    expect(rows).toHaveLength(2);
    expect(rows[0]!.startsWith(`${long}  LABEL_`)).toBe(true);
    expect(rows[1]).toMatch(/^pin {190}LABEL_\d +\d+\.\d %$/);
    expect(stdout).toBe(stripVTControlCharacters(stdout));
  });

  it('prints the text once for several labels', async () => {
    const rows = rowsOf((await classify(['-k', '3', 'pin'])).stdout);
    expect(rows.map((row) => row.slice(0, 3))).toEqual(['pin', '   ', '   ']);
  });

  it('keeps to the width of a terminal, with bars if it is wide', async () => {
    const long = 'my card is lost '.repeat(30);
    for (const columns of [40, 80, 120]) {
      const { stdout } = await classify([long, '日本語'.repeat(40)], { columns });
      const lines = stripVTControlCharacters(stdout).trimEnd().split('\n');
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
      expect(/[█▏▎▍▌▋▊▉]/.test(stdout)).toBe(columns === 120);
    }
  });

  it.each([
    { env: { TERM: 'xterm-256color' }, isColored: true },
    { env: { TERM: 'xterm-256color', NO_COLOR: '1' }, isColored: false },
    { env: { TERM: 'dumb' }, isColored: false },
  ] as { env: Record<string, string>; isColored: boolean }[])(
    'uses colours on a terminal that has them: $env',
    async ({ env, isColored }) => {
      const { stdout } = await classify(['pin'], { columns: 80, env });
      expect(stdout !== stripVTControlCharacters(stdout)).toBe(isColored);
    },
  );

  it('prints plain numbers for regression', async () => {
    const { stdout } = await mobilebert(['classify', '-m', join(folder, 'regression'), 'pin']);
    expect(stdout).not.toContain('%');
    expect(rowsOf(stdout)[0]).toMatch(/^pin {3}LABEL_\d +-?\d+\.\d+$/);
  });

  it('prints texts without control characters', async () => {
    const { stdout } = await classify(['a\u001b]0;title\u0007b\nc\u202ed']);
    expect(rowsOf(stdout)[0]).toMatch(/^a \]0;title b c d {2}LABEL/);
  });

  it.each([
    [[], '', 'standard input'],
    [['--json'], ' \n\n', 'standard input'],
    [['-f', '-'], '', 'standard input'],
    [['', ' '], 'a text', 'the arguments'],
  ])('refuses %j with the input %j: there is no text', async (args, stdin, where) => {
    const { code, stdout, stderr } = await classify(args, { stdin });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`Cannot read texts: found none in ${where}, expected texts as`);
  });

  it('refuses a file of blank lines, and names it', async () => {
    const blank = join(folder, 'blank.txt');
    writeFileSync(blank, '\n \n');
    const { code, stdout, stderr } = await classify(['-f', blank]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`found none in "${blank}"`);
  });

  it('computes in the data type of --dtype', async () => {
    const scores = async (dtype: string) => {
      const { stdout } = await classify(['--json', '--dtype', dtype, '-k', 'all', 'pin']);
      return parse(stdout)[0].labels.map(({ score }: { score: number }) => score);
    };
    const source = sourceOf('sequence-single');
    const pipe = await pipeline('text-classification', source, { dtype: 'q8' });
    const found = await pipe('pin', { top_k: null });
    expect(await scores('q8')).toEqual(found.map(({ score }) => score));
    expect(await scores('q8')).not.toEqual(await scores('fp32'));
  });

  it('lists its options with --help', async () => {
    const { code, stdout } = await classify(['--help']);
    expect(code).toBe(0);
    for (const option of ['--model', '--variant', '--top-k', '--file', '--json', '--help']) {
      expect(stdout).toContain(option);
    }
  });

  it.each([
    [
      ['--foo', 'x'],
      'option "--foo" is unknown, expected one of --model, --dtype, --variant, --top-k',
    ],
    [['--topk', '3', 'x'], 'option "--topk" is unknown, expected "--top-k"'],
    [['--top_k=3', 'x'], 'option "--top_k" is unknown, expected "--top-k"'],
    [['-topk', '3', 'x'], 'option "-topk" is unknown, expected "--top-k"'],
    [['--modle', 'a', 'x'], 'option "--modle" is unknown, expected "--model"'],
    [['--hlep'], 'option "--hlep" is unknown, expected "--help"'],
    [['-5 euros'], 'option "-5 euros" is unknown, expected "--" before texts that begin with "-"'],
    [['--json=1'], 'Cannot read arguments: --json has a value, expected none'],
    [['-k'], 'Cannot read arguments: --top-k has no value, expected "--top-k VALUE"'],
    [
      ['-f', '-k', '3'],
      '--file is followed by "-k", expected its value, which is written "--file=-k"',
    ],
    [
      ['--dtype', 'q4', 'x'],
      '--dtype is "q4", expected one of "auto", "fp32", "fp16", "q8", "q8-fast"',
    ],
    [['-m', '', 'x'], 'found an empty --model, expected a folder, URL or hub id'],
    [['-k', '0'], '--top-k is "0", expected a whole number of at least 1'],
    [['-k', '1e3'], '--top-k is "1e3"'],
    [['--variant', 'fast'], '--variant is "fast", expected one of "auto", "simd", "relaxed"'],
    [['-f', 'x', 'text'], 'Cannot read texts: found both texts and --file, expected one of them'],
  ])('refuses %j with exit code 2', async (args, message) => {
    const { code, stdout, stderr } = await classify(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).toContain('Try "npx mobilebert-wasm classify --help"');
  });

  it.each([
    [['-f', '/nowhere/texts.txt'], 'Cannot read "/nowhere/texts.txt": ENOENT'],
    [['-f', 'test/READM.md'], 'did you mean "test/README.md"?'],
    [['-m', '/nowhere/model', 'x'], '/nowhere/model'],
    [['-m', 'models', 'x'], 'Folders with a config.json: "models/banking77-intents", "models/rest'],
  ])('fails on %j with exit code 1', async (args, message) => {
    const { code, stdout, stderr } = await classify(args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(message);
  });
});
