import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { transformWithOxc } from 'vite';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { chooseBuild, chooseDotBuild, type Variant } from '../../../src/engine/build.ts';
import { RELAXED_PROBE, relaxedSimdWorks, unsignedDotWorks } from '../../../src/engine/features.ts';
import { init } from '../../../src/engine/module.ts';
import { platform } from '../../../src/platform/node.ts';
import type { Platform } from '../../../src/platform/types.ts';
import { readBuild, variants } from '../../support/variants.ts';

const node = platform as Required<Platform>;
const isNode20 = process.versions.node.startsWith('20.');
const hasRelaxed = variants.some(({ name }) => name === 'relaxed');

describe('relaxedSimdWorks()', () => {
  it('says what the runtime can compile', () => {
    expect(relaxedSimdWorks()).toBe(hasRelaxed);
  });

  it('is false on Node 20, and true from Node 22 on', () => {
    expect(relaxedSimdWorks()).toBe(!isNode20);
  });

  it.each([
    ['the probe, compiled elsewhere', readBuild('probe.wasm'), hasRelaxed],
    // Exports nothing, so nothing can be right.
    ['another module', Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0), false],
  ])('asks %s where it is given', async (_, bytes, expected) => {
    vi.resetModules();
    const { relaxedSimdWorks } = await import('../../../src/engine/features.ts');
    const module = WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : undefined;
    expect(relaxedSimdWorks(module)).toBe(expected);
  });

  it('has the probe as the file that hosts import which compile nothing', () => {
    expect(btoa(String.fromCharCode(...readBuild('probe.wasm')))).toBe(RELAXED_PROBE);
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
  afterEach(() => {
    init();
    vi.restoreAllMocks();
  });

  it.each([
    [false, hasRelaxed ? 'relaxed' : 'simd'],
    [true, 'simd'],
  ] as const)('where fusing is slow: %s, takes %s by default', (isSlow, best) => {
    vi.spyOn(node, 'fusesSlowly').mockReturnValue(isSlow);
    expect(chooseBuild()).toBe(best);
    expect(chooseBuild('auto')).toBe(best);
  });

  if (hasRelaxed) {
    it('takes relaxed where it is asked for, slow or not', () => {
      vi.spyOn(node, 'fusesSlowly').mockReturnValue(true);
      expect(chooseBuild('relaxed')).toBe('relaxed');
    });
  }

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

  it('takes no build that init() was not given', () => {
    init({ wasm: readBuild('simd.wasm') });
    expect(chooseBuild()).toBe('simd');
    expect(() => chooseBuild('relaxed')).toThrow(
      new RangeError(
        'Cannot choose a build: variant is "relaxed", but its module is not here, nor by init(); expected "auto" or "simd"',
      ),
    );
  });

  it('refuses an unknown variant', () => {
    expect(() => chooseBuild('threaded' as Variant)).toThrow(
      new RangeError(
        'Cannot choose a build: variant is "threaded", expected one of "auto", "simd", "relaxed"',
      ),
    );
  });
});

describe('unsignedDotWorks()', () => {
  it('needs relaxed SIMD, which Node 20 has not', () => {
    expect(unsignedDotWorks() && !relaxedSimdWorks()).toBe(false);
    if (isNode20) expect(unsignedDotWorks()).toBe(false);
  });
});

describe('chooseDotBuild()', () => {
  it('takes relaxed dot products where they are exact, and fuses only where it may', () => {
    expect(chooseDotBuild()).toBe(unsignedDotWorks() ? 'dot' : 'simd');
    expect(chooseDotBuild('relaxed')).toBe(unsignedDotWorks() ? 'dot' : 'simd');
    expect(chooseDotBuild('auto', true)).toBe(unsignedDotWorks() ? 'relaxed' : 'simd');
  });

  it('takes the baseline wherever it is asked for', () => {
    expect(chooseDotBuild('simd')).toBe('simd');
    expect(chooseDotBuild('simd', true)).toBe('simd');
  });

  it('refuses an unknown variant', () => {
    expect(() => chooseDotBuild('dot' as Variant)).toThrow(
      'Cannot choose a build: variant is "dot", expected one of "auto", "simd", "relaxed"',
    );
  });
});
