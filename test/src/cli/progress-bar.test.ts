import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ProgressBar, progressLine } from '../../../src/cli/progress-bar.ts';
import { StatusLine } from '../../../src/cli/status-line.ts';
import { collector } from './terminal.ts';

const full = '━'.repeat(20);
const empty = '─'.repeat(20);

describe('progressLine()', () => {
  it.each([
    [0, 10e6, 0, `x ${empty} 0 %  0.0/10.0 MB`],
    [5e6, 10e6, 1e6, `x ${full.slice(10)}${empty.slice(10)} 50 %  5.0/10.0 MB  1.0 MB/s  5 s left`],
    [0, 98e6, 1e6, `x ${empty} 0 %  0.0/98.0 MB  1.0 MB/s  2 min left`],
    [0, 9e9, 1e6, `x ${empty} 0 %  0.0/9000.0 MB  1.0 MB/s  2 h 30 min left`],
    [10e6, 10e6, 1e6, `x ${full} 100 %  10.0/10.0 MB  1.0 MB/s  0 s left`],
    [0, 0, 0, `x ${empty} 0 %  0.0/0.0 MB`],
  ])('shows %d of %d bytes at %d per second', (loaded, total, rate, expected) => {
    expect(progressLine('x', loaded, total, rate)).toBe(expected);
  });
});

describe('ProgressBar', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const progress = (file: string, loaded: number, total: number) =>
    ({ status: 'progress', name: 'm', file, loaded, total, progress: 0 }) as const;

  it('shows the file with most bytes left, at the rate of the last seconds', () => {
    const output = collector(200);
    const bar = new ProgressBar(new StatusLine(output));
    for (let second = 0; second <= 10; second++) {
      const before = output.text.length;
      bar.take(progress('big', second * 1e6 * (second > 5 ? 2 : 1), 100e6));
      bar.take(progress('small', second, 1000));
      vi.advanceTimersByTime(1000);
      if (second > 0) expect(output.text.slice(before)).toContain('big ');
    }
    expect(output.text.slice(-50)).toContain('2.0 MB/s');
    bar.take({ status: 'done', name: 'm', file: 'big' });
    bar.take(progress('small', 500, 1000));
    expect(output.text).toContain('small ━━━━━━━━━━─');
  });

  it('prints nothing if there is no terminal', () => {
    const output = collector();
    const bar = new ProgressBar(new StatusLine(output));
    vi.advanceTimersByTime(1000);
    bar.take(progress('x', 1, 2));
    expect(output.text).toBe('');
  });
});
