/** What `model.info()` reports, and `num_parameters`. */

import type { MobileBertConfig } from '../config/config.ts';
import type { Build } from '../engine/build.ts';
import type { MemoryUsage } from '../engine/engine.ts';
import { PACKING } from '../engine/packed/packed-bytes.ts';
import { type HeadParts, parameters } from '../weights/names.ts';
import { byteSize } from '../weights/tensor-info.ts';
import { bytesByPart, type Conversion, type WeightBytes } from './load/packed.ts';
import type { Target } from './load/placement.ts';
import type { WeightDtype } from './options.ts';

/** How a model runs: build, dtype, memory in bytes, and accuracy. */
export interface ModelInfo {
  /** The WebAssembly build in use. */
  readonly build: Build;
  /** The type that matrices and tables are kept in; 'q8-fast' only where it takes effect. */
  readonly dtype: WeightDtype | 'q8-fast';
  /** Threads that run a pass together. */
  readonly threads: number;
  /** Why there are fewer threads than were asked for; null where there are not. */
  readonly threads_obstacle: string | null;
  /** Number of weights, as `num_parameters()`. */
  readonly parameters: number;
  /** Linear memory, in bytes. */
  readonly memory: MemoryUsage;
  /** Packed weights by part of the model, in bytes. */
  readonly weights: WeightBytes;
  /**
   * Name of the layout of q8 weights in memory and files (docs/memory.md); null for other dtypes.
   */
  readonly packing: string | null;
  /** Relative L2 error against fp32, as measured by `npx mobilebert-wasm convert`; null where unknown. */
  readonly relative_error: number | null;
  /** The texts that a q8 model was calibrated on, in words; null for rounding to nearest. */
  readonly calibration: string | null;
}

/** The current state of a model. Changes nothing. */
export function infoOf(target: Target, conversion: Conversion): ModelInfo {
  const { engine, config, parts, dtype } = target;
  const { threads, obstacle } = engine.threadPlan;
  return {
    build: engine.build,
    dtype: engine.dimensions.rowBits === 8 ? 'q8-fast' : dtype,
    threads,
    threads_obstacle: obstacle,
    parameters: countParameters(config, parts),
    memory: engine.memoryUsage(),
    weights: bytesByPart(target),
    packing: dtype === 'q8' ? PACKING : null,
    relative_error: conversion.relativeError,
    calibration: conversion.calibration,
  };
}

/** Options of `num_parameters`. */
export interface CountOptions {
  /** No effect: all weights count as trainable. */
  only_trainable?: boolean | undefined;
  /** Whether to leave out the word, position and token type embeddings; default false. */
  exclude_embeddings?: boolean | undefined;
}

/** `num_parameters` of Hugging Face's modeling_utils.py. */
export function countParameters(
  config: MobileBertConfig,
  parts: HeadParts,
  { exclude_embeddings }: CountOptions = {},
): number {
  let count = 0;
  for (const { shape, slots } of parameters(config, parts)) {
    const isEmbedding = slots[0]?.slot.endsWith('Embeddings');
    if (!(exclude_embeddings && isEmbedding)) count += byteSize(shape, 1);
  }
  return count;
}
