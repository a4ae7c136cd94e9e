/** The one shape of an error about a file of weights. */

import { WeightsError } from '../../errors.ts';

/** An error about a file, in the grammar of all. */
export function fail(file: string, flaw: string, cause?: unknown): WeightsError {
  return new WeightsError(`Cannot load weights: ${flaw} (in "${file}")`, { cause });
}
