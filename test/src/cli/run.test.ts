import { readdirSync, readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../../src/cli/commands.ts';
import { run } from '../../../src/cli/run.ts';
import { env } from '../../../src/index.ts';
import { ioOf, mobilebert } from './terminal.ts';

describe('mobilebert-wasm', () => {
  it('is the name of a bin, so that npx runs it without asking for another package', () => {
    const { name, bin } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(bin[name]).toBe('build/js/cli/main.js');
    expect(bin.mobilebert).toBe(bin[name]);
  });

  it('is what README, docs, help and messages call', () => {
    const files = [
      'README.md',
      'CHANGELOG.md',
      ...filesIn('docs', '.md'),
      ...filesIn('src', '.ts'),
    ];
    const names = Object.keys(COMMANDS).join('|');
    const other = new RegExp(`npx mobilebert(?!-wasm)|(?<!-)\\bmobilebert (${names})\\b`);
    const wrong = files.filter((file) => other.test(readFileSync(file, 'utf8')));
    expect(wrong).toEqual([]);
  });

  it('shows with help COMMAND what COMMAND --help shows', async () => {
    for (const name of Object.keys(COMMANDS)) {
      const { code, stdout } = await mobilebert(['help', name]);
      expect(code).toBe(0);
      expect(await mobilebert([name, '--help'])).toEqual({ code: 0, stdout, stderr: '' });
      expect(stdout).toContain(`Usage: npx mobilebert-wasm ${name} `);
      expect(stdout).toMatch(new RegExp(`^Examples\n  npx mobilebert-wasm ${name} `, 'm'));
    }
    expect(await mobilebert(['help'])).toEqual(await mobilebert(['--help']));
  });

  it('has examples in its help whose options exist', async () => {
    for (const name of Object.keys(COMMANDS)) {
      const { stdout } = await mobilebert(['help', name]);
      const [options, examples] = stdout.split('\nExamples\n') as [string, string];
      for (const [flag] of examples.matchAll(/(?<= )--?[a-z][a-z-]*/g)) {
        expect(options).toMatch(new RegExp(`(^|[ ,])${flag}(,| |$)`, 'm'));
      }
    }
  });

  it.each(['--help', '-h'])('lists its commands with %s', async (option) => {
    const { code, stdout, stderr } = await mobilebert([option]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^Usage: npx mobilebert-wasm COMMAND/m);
    expect(stdout).toMatch(/^ {2}classify {3}\S/m);
  });

  it('shows help that fits a terminal of 80 columns, for each command', async () => {
    const { stdout } = await mobilebert(['--help']);
    const listed = Array.from(stdout.matchAll(/^ {2}([a-z][a-z-]*) {2,}\S/gm), ([, name]) => name!);
    expect(listed).toEqual(Object.keys(COMMANDS));
    const helps = [stdout];
    for (const name of listed) helps.push((await mobilebert([name, '--help'])).stdout);
    for (const line of helps.join('').split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('shows headings in bold on a terminal, and without colours the same text', async () => {
    const plain = (await mobilebert(['--help'])).stdout;
    const { stdout } = await mobilebert(['--help'], { columns: 80 });
    expect(stripVTControlCharacters(stdout)).toBe(plain);
    expect(stdout).toContain('\u001b[1mCommands\u001b[22m');
    const env = { TERM: 'xterm', NO_COLOR: '1' };
    expect((await mobilebert(['--help'], { columns: 80, env })).stdout).toBe(plain);
  });

  it.each(['--version', '-v'])('prints its version with %s', async (option) => {
    expect(await mobilebert([option])).toEqual({
      code: 0,
      stdout: `${env.version}\n`,
      stderr: '',
    });
  });

  it.each([
    [[], 'Cannot run: found no command, expected one of classify'],
    [['sing'], 'Cannot run "sing": there is no such command, expected one of classify'],
    [['clasify', 'x'], 'Cannot run "clasify": there is no such command, expected "classify"'],
    [['zeroshot'], 'Cannot run "zeroshot": there is no such command, expected "zero-shot"'],
    [['Classify'], 'Cannot run "Classify": there is no such command, expected "classify"'],
    [
      ['question-answering'],
      'Cannot run "question-answering": there is no such command, expected "answer"',
    ],
    [
      ['token_classification'],
      'Cannot run "token_classification": there is no such command, expected "ner"',
    ],
    [['--hlep'], 'Cannot run "--hlep": it is an option, expected "--help"'],
    [['--json', 'classify', 'x'], 'Cannot run "--json": it is an option, expected a command first'],
    [['help', 'clasify'], 'Cannot run "clasify": there is no such command, expected "classify"'],
    [['help', 'classify', 'ner'], 'Cannot show help: found "classify ner", expected one command'],
    [['__proto__'], 'Cannot run "__proto__": there is no such command'],
    [['toString'], 'Cannot run "toString": there is no such command'],
    [['--foo'], 'Cannot run "--foo": it is an option, expected a command first: one of classify'],
  ])('refuses %j with exit code 2', async (args, message) => {
    const { code, stdout, stderr } = await mobilebert(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`mobilebert-wasm: ${message}`);
    expect(stderr).toContain('Try "npx mobilebert-wasm --help"');
  });

  it('prints messages without control characters', async () => {
    const { stderr } = await mobilebert(['\u001b[2Jx\u202ey']);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what must not be there
    expect(stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  });

  it('breaks messages at blanks on a terminal, and nowhere else', async () => {
    const plain = (await mobilebert(['sing'])).stderr;
    const { stderr } = await mobilebert(['sing'], { columns: 60 });
    const lines = stderr.trimEnd().split('\n');
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(60);
    expect(stderr.replaceAll(/\s+/g, ' ')).toBe(plain.replaceAll(/\s+/g, ' '));
  });

  it('ends quietly when the reader closes its output', async () => {
    const io = ioOf();
    const closed = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
    const stdout = { write: (_: string, done: (error: Error) => void) => done(closed) };
    expect(await run(['--help'], { ...io, stdout })).toBe(0);
    expect(io.stderr.text).toBe('');
  });

  it('returns 1 when its output fails for another reason', async () => {
    const io = ioOf();
    const full = new Error('write ENOSPC: no space left on device');
    const stdout = { write: (_: string, done: (error: Error) => void) => done(full) };
    expect(await run(['--help'], { ...io, stdout })).toBe(1);
    expect(io.stderr.text).toBe('mobilebert-wasm: write ENOSPC: no space left on device\n');
  });
});

function filesIn(folder: string, end: string): string[] {
  const all = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return all.filter((file) => file.endsWith(end)).map((file) => `${folder}/${file}`);
}
