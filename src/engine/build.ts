/** Which build an engine runs. */

import { platform } from '#platform';
import { abilitiesOf, BUILDS, type Build, MODEL_BUILDS } from '../builds.ts';
import { relaxedSimdWorks, unsignedDotWorks } from './features.ts';
import { hasModule } from './module.ts';

export type { Build } from '../builds.ts';

/** What a caller may ask for: with relaxed SIMD or without. */
export type Variant = 'auto' | 'simd' | 'relaxed';

export const VARIANTS: readonly Variant[] = ['auto', 'simd', 'relaxed'];

type Abilities = ReturnType<typeof abilitiesOf>;

/**
 * The build for f32 arithmetic: `auto` takes the fastest that this engine computes correctly, but
 * none that fuses where fused sums are slow.
 *
 * @throws RangeError for an unknown variant, or one that does not run here
 */
export function chooseBuild(variant: Variant = 'auto'): Build {
  checkVariant(variant);
  if (variant === 'simd') return 'simd';
  if (variant === 'auto' && platform.fusesSlowly?.()) return 'simd';
  const fused = fastest(({ hasFloats, isFused }) => hasFloats && isFused);
  if (fused && relaxedSimdWorks(platform.relaxedProbe)) return fused;
  if (variant === 'auto') return 'simd';
  const problem = fused
    ? 'this runtime has no working relaxed SIMD'
    : 'its module is not here, nor by init()';
  throw new RangeError(
    `Cannot choose a build: variant is "relaxed", but ${problem}; expected "auto" or "simd"`,
  );
}

/**
 * The build for integer products: one with relaxed dot products where they work. Integer sums are
 * the same in all builds; `isFast` lets rows be bytes and other arithmetic round less often, for
 * which bits differ.
 *
 * @throws RangeError for an unknown variant
 */
export function chooseDotBuild(variant: Variant = 'auto', isFast = false): Build {
  checkVariant(variant);
  if (variant === 'simd') return 'simd';
  const exact = fastest(({ hasDot, isFused }) => hasDot && !isFused);
  const build = (isFast && fastest(({ hasByteRows }) => hasByteRows)) || exact;
  return build && unsignedDotWorks(platform.relaxedProbe) ? build : 'simd';
}

/** The last of the list that can do something and whose module is here. */
function fastest(isWanted: (abilities: Abilities) => boolean): Build | undefined {
  return MODEL_BUILDS.findLast((name) => isWanted(abilitiesOf(BUILDS[name])) && hasModule(name));
}

function checkVariant(variant: Variant): void {
  if (VARIANTS.includes(variant)) return;
  const known = VARIANTS.map((name) => `"${name}"`).join(', ');
  throw new RangeError(`Cannot choose a build: variant is "${variant}", expected one of ${known}`);
}
