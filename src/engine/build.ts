/** The builds of the module, and which of them an engine runs. */

import { platform } from '#platform';
import type { WasmBuild } from '../platform/types.ts';
import { relaxedSimdWorks, unsignedDotWorks } from './features.ts';
import { hasModule } from './module.ts';

/**
 * `simd` runs everywhere; `dot` has relaxed dot products for sums of whole numbers, and the same bits;
 * `relaxed` fuses multiply and add as well.
 */
export type Build = WasmBuild;

/** What a caller may ask for: with relaxed SIMD or without. */
export type Variant = 'auto' | 'simd' | 'relaxed';

export const VARIANTS: readonly Variant[] = ['auto', 'simd', 'relaxed'];

/**
 * The build for products of floats: `auto` takes the fastest that this engine computes correctly, so
 * not `relaxed` where fused sums are slow.
 *
 * @throws RangeError for an unknown variant, or one that does not run here
 */
export function chooseBuild(variant: Variant = 'auto'): Build {
  checkVariant(variant);
  if (variant === 'simd') return 'simd';
  if (variant === 'auto' && platform.fusesSlowly?.()) return 'simd';
  const isThere = hasModule('relaxed');
  if (isThere && relaxedSimdWorks(platform.relaxedProbe)) return 'relaxed';
  if (variant === 'auto') return 'simd';
  const problem = isThere
    ? 'this runtime has no working relaxed SIMD'
    : 'its module is not here, nor by init()';
  throw new RangeError(
    `Cannot choose a build: variant is "relaxed", but ${problem}; expected "auto" or "simd"`,
  );
}

/**
 * The build for products of whole numbers, which are the same in all of them: with relaxed dot products
 * where they pay. `isFused` lets other arithmetic round less often, for which bits differ.
 *
 * @throws RangeError for an unknown variant
 */
export function chooseDotBuild(variant: Variant = 'auto', isFused = false): Build {
  checkVariant(variant);
  const build = isFused && hasModule('relaxed') ? 'relaxed' : 'dot';
  const isWished = variant !== 'simd' && hasModule(build);
  return isWished && unsignedDotWorks(platform.relaxedProbe) ? build : 'simd';
}

function checkVariant(variant: Variant): void {
  if (VARIANTS.includes(variant)) return;
  const known = VARIANTS.map((name) => `"${name}"`).join(', ');
  throw new RangeError(`Cannot choose a build: variant is "${variant}", expected one of ${known}`);
}
