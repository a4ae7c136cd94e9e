/** A short run of tools/check/fuzz-hub.js on the sources. */
import { afterEach, expect, it, vi } from 'vitest';
import * as library from '../../../src/index.ts';

/** Plain JavaScript, which the compiler does not read: its type is said here. */
const { fuzzHub } = (await import(
  new URL('../../../tools/check/fuzz-hub.js', import.meta.url).href
)) as {
  fuzzHub(options: { library: object; count: number; seed: number }): Promise<string[]>;
};

afterEach(() => {
  vi.restoreAllMocks();
});

it('fuzzHub() finds nothing in 150 loads from hubs that lie', async () => {
  vi.spyOn(console, 'warn').mockImplementation(() => {});
  expect(await fuzzHub({ library, count: 150, seed: 7_000 })).toEqual([]);
});
