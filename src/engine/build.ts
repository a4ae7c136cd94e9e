/** The builds of the module, and which of them an engine runs. */

import type { WasmBuild } from '../platform/types.ts';
import { relaxedSimdWorks } from './features.ts';

/** `simd` runs everywhere; `relaxed` fuses multiply and add. */
export type Build = WasmBuild;

/** What a caller may ask for. */
export type Variant = 'auto' | Build;

export const VARIANTS: readonly Variant[] = ['auto', 'simd', 'relaxed'];

/**
 * The build for a wish: `auto` takes the fastest that this engine computes correctly.
 *
 * @throws RangeError for an unknown variant, or one that does not run here
 */
export function chooseBuild(variant: Variant = 'auto'): Build {
  if (!VARIANTS.includes(variant)) {
    const known = VARIANTS.map((name) => `"${name}"`).join(', ');
    throw new RangeError(
      `Cannot choose a build: variant is "${variant}", expected one of ${known}`,
    );
  }
  if (variant === 'simd') return 'simd';
  if (relaxedSimdWorks()) return 'relaxed';
  if (variant === 'auto') return 'simd';
  throw new RangeError(
    'Cannot choose a build: variant is "relaxed", but this runtime has no working relaxed SIMD; expected "auto" or "simd"',
  );
}
