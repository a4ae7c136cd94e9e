/** The soak of `npm run soak`, in short and on the sources; and that it can fail. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as index from '../../src/index.ts';
import * as serve from '../../src/serve/serve.ts';
import { growthOf, MARGINS, soak } from '../../tools/check/soak.js';

/** Some two dozen steps a part: each task three times. */
const SHORT = { scale: 0.01, seed: 7, samples: 24 };
const MB = 2 ** 20;

const library = { ...index, ...serve };

beforeEach(() => void vi.spyOn(console, 'warn').mockImplementation(() => {}));
afterEach(() => void vi.restoreAllMocks());

describe('soak()', () => {
  it('finds level memory and no wrong answer over requests, calls and models', async () => {
    const lines: string[] = [];
    expect(await soak({ library, ...SHORT, report: (line) => lines.push(line) })).toEqual([]);
    expect(lines.map((line) => line.split(':')[0])).toEqual([
      '24 requests',
      '30 calls',
      '24 models',
    ]);
  });

  it('finds models that are not freed', async () => {
    const kept: unknown[] = [];
    const leaking = async (...args: Parameters<typeof index.pipeline>) => {
      const pipe = await index.pipeline(...args);
      kept.push(pipe);
      return new Proxy(pipe, {
        get: (target, name) => (name === 'dispose' ? async () => {} : Reflect.get(target, name)),
      });
    };
    const findings = await soak({
      library: { ...library, pipeline: leaking },
      ...SHORT,
      parts: ['models'],
    });
    expect(findings).toContainEqual(expect.stringMatching(/^models: rss grew from/));
    for (const pipe of kept) await (pipe as { dispose(): Promise<void> }).dispose();
  });

  it('finds an answer that is neither right nor a refusal', async () => {
    const broken = () => ({
      read: (body: unknown) => body,
      open: async () => ({ answer: () => Promise.reject(new Error('broken')) }),
    });
    const findings = await soak({
      library: { ...library, fillMask: broken },
      ...SHORT,
      parts: ['requests'],
    });
    expect(findings.join()).toMatch(/requests \d+, seed 7: 500, Error: broken/);
  });
});

describe('growthOf()', () => {
  const samples = (middle: number, last: number) =>
    Array.from({ length: 60 }, (_, i) => {
      const rss = i < 20 ? 0 : i < 40 ? middle : last;
      return { heapUsed: 10 * MB, rss };
    });

  it('allows a share and some bytes from the middle third to the last', () => {
    const most = 100 * MB * (1 + MARGINS.rss.share) + MARGINS.rss.bytes;
    expect(growthOf(samples(100 * MB, most))).toEqual([]);
    expect(growthOf(samples(100 * MB, most + 1))).toEqual([
      'rss grew from 100.0 MiB to 117.0 MiB, expected 117.0 MiB at most',
    ]);
    expect(growthOf(samples(100 * MB, 50 * MB))).toEqual([]);
  });
});
