/** What `model.info()` tells, and how weights are counted. */

import type { MobileBertConfig } from '../config/config.ts';
import type { Build } from '../engine/build.ts';
import type { MemoryUsage } from '../engine/engine.ts';
import { PACKING } from '../engine/packed/packed-bytes.ts';
import { type HeadParts, parameters } from '../weights/names.ts';
import { byteSize } from '../weights/tensor-info.ts';
import { bytesByPart, type Conversion, type WeightBytes } from './load/packed.ts';
import type { Target } from './load/placement.ts';
import type { WeightDtype } from './options.ts';

/** How a model runs, for people and logs. */
export interface ModelInfo {
  /** The build in use. */
  readonly build: Build;
  /** What matrices and tables are kept in; 'q8-fast' where it is in effect. */
  readonly dtype: WeightDtype | 'q8-fast';
  readonly threads: 1;
  readonly parameters: number;
  /** Bytes of linear memory. */
  readonly memory: MemoryUsage;
  /** Bytes of packed weights by part of the model. */
  readonly weights: WeightBytes;
  /** How q8 weights lie in memory and in files (docs/memory.md); null for the others. */
  readonly packing: string | null;
  /** Against fp32, as `mobilebert convert` measured it; null where it did not. */
  readonly relative_error: number | null;
  /** What a q8 model's weights were calibrated on; null where they were rounded to nearest. */
  readonly calibration: string | null;
}

/** What is so of a model at this moment. */
export function infoOf(target: Target, conversion: Conversion): ModelInfo {
  const { engine, config, parts, dtype } = target;
  return {
    build: engine.build,
    dtype: engine.dimensions.rowBits === 8 ? 'q8-fast' : dtype,
    threads: 1,
    parameters: countParameters(config, parts),
    memory: engine.memoryUsage(),
    weights: bytesByPart(target),
    packing: dtype === 'q8' ? PACKING : null,
    relative_error: conversion.relativeError,
    calibration: conversion.calibration,
  };
}

/** Which weights `num_parameters` counts. */
export interface CountOptions {
  /** All of them are, here. */
  only_trainable?: boolean | undefined;
  /** Leaves out the tables of words, positions and token types. */
  exclude_embeddings?: boolean | undefined;
}

/** As `num_parameters` of Hugging Face's modeling_utils.py. */
export function countParameters(
  config: MobileBertConfig,
  parts: HeadParts,
  { exclude_embeddings }: CountOptions = {},
): number {
  let count = 0;
  for (const { shape, places } of parameters(config, parts)) {
    const isEmbedding = places[0]?.slot.endsWith('Embeddings');
    if (!(exclude_embeddings && isEmbedding)) count += byteSize(shape, 1);
  }
  return count;
}

/** What the header of packed weights says of their conversion. */
export function conversionOf(
  architecture: string | undefined,
  { relativeError, calibration }: Conversion,
): Record<string, string> {
  return {
    ...(architecture && { architecture }),
    ...(relativeError !== null && { relative_error: relativeError.toPrecision(3) }),
    ...(calibration !== null && { calibration }),
  };
}
