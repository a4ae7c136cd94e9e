/** The one list of builds: what is derived from it follows when a build is added. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  abilitiesOf,
  BUILDS,
  type BuildTraits,
  buildsWhere,
  MODEL_BUILDS,
} from '../../src/builds.ts';
import { edgeModule, inlineModule, targetOf, urlsModule } from '../../tools/build/modules.js';

const { targets } = JSON.parse(readFileSync('asconfig.json', 'utf8'));
const manifest = JSON.parse(readFileSync('package.json', 'utf8'));

/** A build that does not exist: one entry, and its target. */
const WIDE: BuildTraits = {
  constants: { FUSED: 1, DOT: 0, TAP: 0, THREADS: 0 },
  ships: 'everywhere',
  isOnEdge: true,
};
const extended = { ...BUILDS, wide: WIDE };
const extendedTargets = {
  ...targets,
  wide: { use: ['abort=', 'FUSED=1', 'DOT=0', 'TAP=0', 'THREADS=0'] },
};
const shipped = buildsWhere(extended, ({ ships }) => ships === 'everywhere');

describe('the list of builds', () => {
  it('has a target of asconfig.json for each entry, and no target more', () => {
    expect(Object.keys(targets).sort()).toEqual(Object.keys(BUILDS).sort());
    for (const [name, traits] of Object.entries(BUILDS)) {
      expect(() => targetOf(name, traits, targets)).not.toThrow();
    }
  });

  it('begins with the baseline', () => {
    expect(MODEL_BUILDS[0]).toBe('simd');
    expect(abilitiesOf(BUILDS.simd)).toMatchObject({ isRelaxed: false, hasFloats: true });
  });

  it('follows asconfig.json in which builds need relaxed SIMD', () => {
    for (const [name, traits] of Object.entries(BUILDS)) {
      const isRelaxed = (targets[name].enable ?? []).includes('relaxed-simd');
      expect(abilitiesOf(traits).isRelaxed, name).toBe(isRelaxed);
    }
  });
});

describe('a pretend build', () => {
  it('is found by its target, and refused without one', () => {
    expect(targetOf('wide', WIDE, extendedTargets)).toBe(extendedTargets.wide);
    expect(() => targetOf('wide', WIDE, targets)).toThrow(
      'Cannot build "wide": its target in asconfig.json is missing, expected FUSED=1, DOT=0, TAP=0, THREADS=0',
    );
    const other = { wide: { use: ['FUSED=0', 'DOT=0', 'TAP=0', 'THREADS=0'] } };
    expect(() => targetOf('wide', WIDE, other)).toThrow(
      'its target in asconfig.json uses FUSED=0, DOT=0, TAP=0, THREADS=0, expected FUSED=1',
    );
  });

  it('has its URL written out, as bundlers look for it', () => {
    expect(urlsModule(shipped)).toContain(
      "  'wide': () => new URL('./wide.wasm', import.meta.url),\n",
    );
  });

  it('is imported on the edge where it goes there', () => {
    const names = buildsWhere(extended, ({ isOnEdge }) => isOnEdge);
    const text = edgeModule(names);
    expect(text).toContain("import wide from './wide.wasm';\n");
    expect(text).toContain('export const modules = { simd, dot, wide };');
    expect(text).not.toContain('relaxed');
  });

  it('is among the modules in text', () => {
    const text = inlineModule(shipped, (name) => Buffer.from(name));
    expect(text).toContain(`  wide:\n    '${Buffer.from('wide').toString('base64')}',\n`);
  });

  it('is exported and packed by the patterns of package.json', () => {
    expect(manifest.exports['./wasm/*.wasm']).toBe('./build/wasm/*.wasm');
    expect(manifest.files).toContain('build/wasm');
    expect(manifest.sizeLimits['build/wasm/*.wasm']).toBeGreaterThan(0);
  });

  it('has abilities by its constants', () => {
    expect(abilitiesOf(WIDE)).toEqual({
      isRelaxed: true,
      isFused: true,
      hasDot: false,
      hasByteRows: false,
      hasFloats: true,
      isThreaded: false,
      hasQuantized: true,
    });
  });
});
