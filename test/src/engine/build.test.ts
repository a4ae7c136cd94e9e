import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { transformWithOxc } from 'vite';
import { describe, expect, it } from 'vitest';
import { chooseBuild, type Variant } from '../../../src/engine/build.ts';
import { relaxedSimdWorks } from '../../../src/engine/features.ts';
import { variants } from '../../support/variants.ts';

const isNode20 = process.versions.node.startsWith('20.');
const hasRelaxed = variants.some(({ name }) => name === 'relaxed');

describe('relaxedSimdWorks()', () => {
  it('says what the runtime can compile', () => {
    expect(relaxedSimdWorks()).toBe(hasRelaxed);
  });

  it('is false on Node 20, and true from Node 22 on', () => {
    expect(relaxedSimdWorks()).toBe(!isNode20);
  });

  // Node 20 behind its flag is the engine that validates relaxed SIMD and sums wrongly.
  if (isNode20) {
    it('refuses an engine that validates and sums wrongly', async () => {
      const file = 'src/engine/features.ts';
      const { code } = await transformWithOxc(readFileSync(file, 'utf8'), file);
      const probe = code.match(/const RELAXED_PROBE =([^;]*);/)?.[1];
      const script = `${code}
      const bytes = Uint8Array.from(atob(${probe}), (c) => c.charCodeAt(0));
      console.log(WebAssembly.validate(bytes), relaxedSimdWorks());`;
      const flags = ['--experimental-wasm-relaxed-simd', '--input-type=module', '-e', script];
      expect(execFileSync(process.execPath, flags, { encoding: 'utf8' }).trim()).toBe('true false');
    });
  }
});

describe('chooseBuild()', () => {
  it('takes the fastest build that works by default', () => {
    const best = hasRelaxed ? 'relaxed' : 'simd';
    expect(chooseBuild()).toBe(best);
    expect(chooseBuild('auto')).toBe(best);
  });

  it('takes the baseline wherever it is asked for', () => {
    expect(chooseBuild('simd')).toBe('simd');
  });

  it('takes relaxed where it works, and refuses it where it does not', () => {
    if (hasRelaxed) expect(chooseBuild('relaxed')).toBe('relaxed');
    else {
      expect(() => chooseBuild('relaxed')).toThrow(
        new RangeError(
          'Cannot choose a build: variant is "relaxed", but this runtime has no working relaxed SIMD; expected "auto" or "simd"',
        ),
      );
    }
  });

  it('refuses an unknown variant', () => {
    expect(() => chooseBuild('threaded' as Variant)).toThrow(
      new RangeError(
        'Cannot choose a build: variant is "threaded", expected one of "auto", "simd", "relaxed"',
      ),
    );
  });
});
