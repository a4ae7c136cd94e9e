import { describe, expect, it } from 'vitest';
import { run } from '../../../src/cli/run.ts';
import { env } from '../../../src/index.ts';
import { ioOf, mobilebert } from './terminal.ts';

describe('mobilebert', () => {
  it.each(['--help', '-h'])('lists its commands with %s', async (option) => {
    const { code, stdout, stderr } = await mobilebert([option]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^Usage: mobilebert COMMAND/m);
    expect(stdout).toMatch(/^ {2}classify {3}\S/m);
  });

  it('shows help that fits a terminal of 80 columns, for each command', async () => {
    const { stdout } = await mobilebert(['--help']);
    const commands = Array.from(stdout.matchAll(/^ {2}([a-z][a-z-]*) /gm), ([, name]) => name!);
    expect(commands).toHaveLength(11);
    const helps = [stdout];
    for (const name of commands) helps.push((await mobilebert([name, '--help'])).stdout);
    for (const line of helps.join('').split('\n')) expect(line.length).toBeLessThanOrEqual(80);
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
    [['__proto__'], 'Cannot run "__proto__": there is no such command'],
    [['toString'], 'Cannot run "toString": there is no such command'],
    [['--foo'], 'Cannot run "--foo": there is no such command'],
  ])('refuses %j with exit code 2', async (args, message) => {
    const { code, stdout, stderr } = await mobilebert(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`mobilebert: ${message}`);
    expect(stderr).toContain('Try "mobilebert --help"');
  });

  it('prints messages without control characters', async () => {
    const { stderr } = await mobilebert(['\u001b[2Jx\u202ey']);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what must not be there
    expect(stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
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
    expect(io.stderr.text).toBe('mobilebert: write ENOSPC: no space left on device\n');
  });
});
