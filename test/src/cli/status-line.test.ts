import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { withStatus } from '../../../src/cli/status-line.ts';
import { collector } from './terminal.ts';

const ERASE = '\r\u001b[K';

describe('withStatus()', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('shows one line for a long task on a terminal, and erases it at the end', async () => {
    const output = collector(20);
    await withStatus(output, async (status) => {
      status.show('too early');
      vi.advanceTimersByTime(500);
      status.show('half');
      status.show('too soon after');
      vi.advanceTimersByTime(200);
      status.show('nearly all of what there is to do');
    });
    expect(output.text).toBe(`${ERASE}half${ERASE}nearly all of what…${ERASE}`);
  });

  it('erases the line when the task fails', async () => {
    const output = collector(80);
    const work = withStatus(output, async (status) => {
      vi.advanceTimersByTime(500);
      status.show('half');
      throw new Error('broken');
    });
    await expect(work).rejects.toThrow('broken');
    expect(output.text).toBe(`${ERASE}half${ERASE}`);
  });

  it('erases the line before other output on a terminal', async () => {
    const output = collector(80);
    await withStatus(output, async (status) => {
      vi.advanceTimersByTime(500);
      status.show('half');
      await status.print(output, 'result\n');
    });
    expect(output.text).toBe(`${ERASE}half${ERASE}result\n`);
  });

  it('keeps the line if other output is not a terminal', async () => {
    const [terminal, file] = [collector(80), collector()];
    await withStatus(terminal, async (status) => {
      vi.advanceTimersByTime(500);
      status.show('half');
      await status.print(file, 'result\n');
      expect(terminal.text).toBe(`${ERASE}half`);
    });
    expect(file.text).toBe('result\n');
  });

  it('prints nothing if the output is not a terminal', async () => {
    const output = collector();
    await withStatus(output, async (status) => {
      vi.advanceTimersByTime(500);
      status.show('half');
    });
    expect(output.text).toBe('');
  });
});
