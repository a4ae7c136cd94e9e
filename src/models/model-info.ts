/** What `model.info()` tells. */

import type { Build } from '../engine/build.ts';
import type { MemoryUsage } from '../engine/engine.ts';
import type { WeightDtype } from './options.ts';
import type { WeightBytes } from './packed.ts';

/** How a model runs, for people and logs. */
export interface ModelInfo {
  /** The build in use. */
  readonly build: Build;
  /** What matrices and tables are kept in. */
  readonly dtype: WeightDtype;
  readonly threads: 1;
  readonly parameters: number;
  /** Bytes of linear memory. */
  readonly memory: MemoryUsage;
  /** Bytes of packed weights by part of the model. */
  readonly weights: WeightBytes;
  /** Against fp32, as `mobilebert convert` measured it; null where it did not. */
  readonly relative_error: number | null;
}
