/** `mobilebert-wasm ner`, `answer` and `fill`, on golden checkpoints with a small vocabulary. */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { pipeline } from '../../../../src/pipelines/pipeline.ts';
import { loadCase } from '../../../support/golden.ts';
import { sourceOf, texts, vocabulary } from '../../pipelines/support.ts';
import { mobilebert, type Surroundings } from '../terminal.ts';

const MODELS = { ner: 'token', answer: 'question', fill: 'masked-lm' } as const;

const BOOK = `${texts.join(' ')}\n`.repeat(30);

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mobilebert-'));
  for (const [command, golden] of Object.entries(MODELS)) {
    cpSync(loadCase(golden).folder, join(folder, command), { recursive: true });
    writeFileSync(join(folder, command, 'vocab.txt'), vocabulary);
  }
  writeFileSync(join(folder, 'book.txt'), BOOK);
  writeFileSync(join(folder, 'texts.txt'), `${texts.join('\r\n')}\n\n`);
});

afterAll(() => rmSync(folder, { recursive: true }));

const call = (command: keyof typeof MODELS, args: readonly string[], surroundings?: Surroundings) =>
  mobilebert([command, '--model', join(folder, command), ...args], surroundings);

const parse = (lines: string) =>
  lines
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('mobilebert-wasm ner', () => {
  it('prints one JSON line per text with the result of the pipeline', async () => {
    const tag = await pipeline('ner', sourceOf('token'));
    const options = { aggregation_strategy: 'first', stride: 32, ignore_labels: ['O'] } as const;
    const found = await tag(texts, options);
    const { code, stdout, stderr } = await call('ner', ['--json', '-s', 'first', ...texts]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(parse(stdout)).toEqual(texts.map((text, i) => ({ text, entities: found[i] })));
    const file = await call('ner', ['--json', '-s', 'first', '-f', join(folder, 'texts.txt')]);
    expect(file.stdout).toBe(stdout);
    const stdin = await call('ner', ['--json', '-s', 'first'], { stdin: texts.join('\n') });
    expect(stdin.stdout).toBe(stdout);
  });

  it('prints a table that fits the terminal, with a line for a text without entities', async () => {
    const everything = [0, 1, 2, 3, 4].map((i) => `LABEL_${i}`);
    const ignore = ['--ignore', ['0', ...everything].join(', ')];
    const none = await call('ner', [...ignore, 'pin'], { columns: 60 });
    expect(stripVTControlCharacters(none.stdout)).toMatch(
      /^Text +Entity +Label +Score\n─+\npin +none\n$/,
    );
    const { stdout } = await call('ner', ['-s', 'none', ...texts], { columns: 60 });
    const lines = stripVTControlCharacters(stdout).trimEnd().split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
    expect(lines.some((line) => /^ +money +LABEL_\d +\d+\.\d %$/.test(line))).toBe(true);
  });
});

describe('mobilebert-wasm ner, windows', () => {
  it.each([
    [['--strategy', 'none', '--stride', '8', 'pin'], '--stride is "8", expected "none" or another'],
    [['--stride', 'x', 'pin'], '--stride is "x", expected a whole number of at least 0'],
  ])('refuses %j with exit code 2', async (args, message) => {
    const { code, stderr } = await call('ner', args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  it('reads long texts in windows, unless tokens are not joined', async () => {
    const entities = async (...args: string[]) =>
      parse((await call('ner', ['--json', '--ignore', '', ...args, BOOK])).stdout)[0].entities;
    const ends = async (...args: string[]) => (await entities(...args)).at(-1).end;
    expect(await ends()).toBeGreaterThan(await ends('--stride', 'none'));
    expect(await ends('--strategy', 'none')).toBe(
      await ends('--strategy', 'none', '--stride', 'none'),
    );
  });
});

describe('mobilebert-wasm fill', () => {
  it('prints one JSON line per text with the result of the pipeline', async () => {
    const fill = await pipeline('fill-mask', sourceOf('masked-lm'));
    const input = ['my [MASK] is lost', '[MASK] or [MASK]'];
    const found = await fill(input, { top_k: 2, targets: ['pin', 'card', 'new'] });
    const { stdout } = await call('fill', ['--json', '-k', '2', '-t', 'pin, card,new', ...input]);
    expect(parse(stdout)).toEqual(input.map((text, i) => ({ text, fills: found[i] })));
  });

  it('prints a table with each mask number once', async () => {
    const { stdout } = await call('fill', ['-k', '2', '[MASK] or [MASK]']);
    const [head, , ...rows] = stdout.trimEnd().split('\n');
    expect(head).toMatch(/^Text +Mask +Token +Score$/);
    expect(rows.map((row) => row.slice(0, 22).trim())).toEqual([
      '[MASK] or [MASK]     1',
      '',
      '2',
      '',
    ]);
  });

  it('fails on a text without a mask with exit code 1', async () => {
    const { code, stderr } = await call('fill', ['pin']);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr:
        'mobilebert-wasm: Cannot fill masks: text 0 has no [MASK] among its 3 tokens, expected at least one\n',
    });
  });
});

describe('mobilebert-wasm answer', () => {
  const questions = ['where is my card ?', 'how do i pay ?'];

  it('prints one JSON line per question with the result of the pipeline', async () => {
    const answer = await pipeline('question-answering', sourceOf('question'));
    const found = await answer(questions, BOOK, { top_k: 2, max_seq_len: 30, doc_stride: 4 });
    const options = ['--json', '-k', '2', '--max-seq-len', '30', '--doc-stride', '4'];
    const book = ['-c', join(folder, 'book.txt')];
    const { code, stdout, stderr } = await call('answer', [...options, ...book, ...questions]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(parse(stdout)).toEqual(
      questions.map((question, i) => ({ question, answers: found[i] })),
    );
    const asked = await call('answer', [...options, ...book], { stdin: questions.join('\n') });
    expect(asked.stdout).toBe(stdout);
    const read = await call('answer', [...options, '-c', '-', ...questions], { stdin: BOOK });
    expect(read.stdout).toBe(stdout);
    const given = await call('answer', [...options, '--context', BOOK, ...questions]);
    expect(given.stdout).toBe(stdout);
  });

  it('prints a table: question, answer, start, end and percentage', async () => {
    const { stdout } = await call('answer', ['--context', 'my card is lost', '-k', '2', 'where ?']);
    const [head, , first, second] = stdout.trimEnd().split('\n');
    expect(head).toMatch(/^Question +Answer +Start +End +Score$/);
    expect(first).toMatch(/^where \? +[a-z ]+ +\d+ +\d+ +\d+\.\d %$/);
    expect(second).toMatch(/^ {10}[a-z ]+ +\d+ +\d+ +\d+\.\d %$/);
  });

  it('shows that there is no answer, and that not all of the text was read', async () => {
    const none = await call('answer', ['--context', BOOK, '--null-threshold=-1e9', 'pin ?']);
    expect(none.stdout).toMatch(/\npin \? +no answer +\d+\.\d %\n$/);
    const all = ['--no-answer', '-k', '500', '--context', 'pin', 'pin ?'];
    expect((await call('answer', all)).stdout).toContain('no answer');
    const cut = await call('answer', ['--max-windows', '1', '--context', BOOK, 'pin ?']);
    expect(cut.stdout).toMatch(/\nNot all of the text was read\.\n$/);
  });

  it('shows its progress on a terminal', async () => {
    // A clock that runs fast, since short tasks show no progress.
    let now = 0;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => (now += 1000));
    const options = ['--context', BOOK.repeat(20), '--max-seq-len', '12', '--doc-stride', '5'];
    const { stderr, stdout } = await call('answer', [...options, 'pin ?'], { columns: 80 });
    clock.mockRestore();
    expect(stderr).toMatch(/Read [\d,]+ of [\d,]+ windows/);
    expect(stdout).toContain('pin ?');
  });

  it.each([
    [['pin'], 'Cannot read arguments: found neither --context nor --context-file, expected one'],
    [
      ['--context', ' ', 'pin'],
      'Cannot read the context: found no text in --context, expected some',
    ],
    [['--context', 'a', '--contex-file', 'b'], 'is unknown, expected "--context-file"'],
    [['--context', 'a', '-c', 'b', 'pin'], 'found both --context and --context-file'],
    [
      ['-c', '-'],
      'found standard input for both questions and context, expected it for one of them',
    ],
    [['-c', '-', '-f', '-'], 'found standard input for both questions and context'],
    [['--context', 'a', '-k', '0', 'pin'], '--top-k is "0", expected a whole number of at least 1'],
    [
      ['--context', 'a', '--doc-stride', 'x', 'pin'],
      '--doc-stride is "x", expected a whole number of at least 0',
    ],
    [
      ['--context', 'a', '--null-threshold', 'x', 'pin'],
      '--null-threshold is "x", expected a number',
    ],
  ])('refuses %j with exit code 2', async (args, message) => {
    const { code, stdout, stderr } = await call('answer', args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  it('fails on a missing file with exit code 1', async () => {
    const { code, stderr } = await call('answer', ['-c', '/nowhere/book.txt', 'pin']);
    expect(code).toBe(1);
    expect(stderr).toContain('Cannot read "/nowhere/book.txt": ENOENT');
  });
});

describe.each(['ner', 'answer', 'fill'] as const)('mobilebert %s', (command) => {
  it('lists its options with --help', async () => {
    const { code, stdout } = await mobilebert([command, '--help']);
    expect(code).toBe(0);
    for (const option of ['--model', '--variant', '--file', '--json', '--help']) {
      expect(stdout).toContain(option);
    }
  });
});

describe('without --model', () => {
  const booking = 'A table for four people at 8pm, please';

  it('mobilebert-wasm ner finds slots of a booking', async () => {
    const { stdout } = await mobilebert(['ner', '--json', booking]);
    const [{ entities }] = parse(stdout);
    const found = entities.map(({ entity_group, start, end }: Record<string, string & number>) => [
      entity_group,
      booking.slice(start, end),
    ]);
    expect(found).toEqual([
      ['people', 'four people'],
      ['time', '8pm'],
    ]);
  });

  it('mobilebert-wasm answer answers questions about a booking, or finds no answer', async () => {
    const questions = ['How many people?', 'What time?', 'What is the last name?'];
    const args = ['answer', '--json', '--no-answer', '--context', booking, ...questions];
    const { stdout } = await mobilebert(args);
    const found = parse(stdout).map(({ answers }) => answers[0].answer);
    expect(found).toEqual(['four people', '8pm', '']);
  });

  it('mobilebert-wasm fill requires --model', async () => {
    const { code, stderr } = await mobilebert(['fill', 'pin']);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^mobilebert-wasm: Cannot load a model for fill-mask: found no --model, expe/,
    );
  });
});
