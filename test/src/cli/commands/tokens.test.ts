import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { vocabulary } from '../../pipelines/support.ts';
import { mobilebert } from '../terminal.ts';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mobilebert-'));
  writeFileSync(join(folder, 'vocab.txt'), vocabulary);
  writeFileSync(join(folder, 'tokenizer_config.json'), '{"model_max_length": 6}');
});

afterAll(() => rmSync(folder, { recursive: true }));

const tokens = (...args: string[]) => mobilebert(['tokens', ...args]);
const linesOf = (text: string) => text.trimEnd().split('\n');

describe('mobilebert-wasm tokens', () => {
  it('prints tokens, ids and UTF-16 offsets as JSON, from a vocabulary alone', async () => {
    const { code, stdout } = await tokens('-m', folder, '--json', '😀 Cards', 'PIN');
    expect(code).toBe(0);
    expect(linesOf(stdout).map((line) => JSON.parse(line))).toEqual([
      {
        text: '😀 Cards',
        tokens: ['[CLS]', '[UNK]', 'card', '##s', '[SEP]'],
        input_ids: [2, 1, 6, 28, 3],
        offsets: [null, [0, 2], [3, 7], [7, 8], null],
      },
      {
        text: 'PIN',
        tokens: ['[CLS]', 'pin', '[SEP]'],
        input_ids: [2, 14, 3],
        offsets: [null, [0, 3], null],
      },
    ]);
  });

  it('prints a table per text', async () => {
    const { stdout } = await tokens('Ünïcode', 'unbelievable 東');
    expect(stdout).toBe(`\
Ünïcode
Token       Id  Start  End  Text
───────────────────────────────────
[CLS]      101
unicode  27260      0    7  Ünïcode
[SEP]      102

unbelievable 東
Token            Id  Start  End  Text
─────────────────────────────────────────────
[CLS]           101
unbelievable  23653      0   12  unbelievable
東             1879     13   14  東
[SEP]           102
`);
  });

  it('leaves out special tokens with --plain', async () => {
    const { stdout } = await tokens('--json', '--plain', 'hello');
    expect(JSON.parse(stdout)).toEqual({
      ...{ text: 'hello', tokens: ['hello'], input_ids: [7592], offsets: [[0, 5]] },
    });
  });

  it('counts tokens with --count, in red above what the model takes', async () => {
    const long = 'my card is lost ?';
    const args = ['tokens', '-m', folder, '-c', 'pin', long];
    const { stdout } = await mobilebert(args, { columns: 80 });
    expect(linesOf(stripVTControlCharacters(stdout)).slice(2)).toEqual([
      'pin                     3',
      'my card is lost ?       7',
    ]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are what is looked for
    expect(stdout.match(/\u001b\[31m\S+/g)).toEqual(['\u001b[31m7\u001b[39m']);
  });

  it('prints texts without control characters', async () => {
    const { stdout } = await tokens('a\u001b]0;title\u0007b');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what must not be there
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });

  it.each([
    [['--count', '--json', 'x'], 'found both --count and --json, expected one'],
    [['-m', '', 'x'], 'found an empty --model'],
    [[' '], 'Cannot read texts: found none in the arguments'],
    [['--plian', 'x'], 'option "--plian" is unknown, expected "--plain"'],
  ])('refuses %j with exit code 2', async (args, message) => {
    const { code, stderr } = await tokens(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  it('names the missing folder', async () => {
    const { code, stderr } = await tokens('-m', join(folder, 'none'), 'x');
    expect(code).toBe(1);
    expect(stderr).toContain('found no such folder');
  });
});
