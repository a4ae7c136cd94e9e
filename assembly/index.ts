/**
 * The ABI: everything the host can call, in the order it does. Addresses and byte counts are
 * unsigned 32-bit; statuses and enums are those of abi.ts. Every call takes the pass that
 * `createPass` made. The module imports nothing but `abort`, in debug builds.
 *
 *   createPass() -> configAddress() -> fill in Config -> allocateWeights()
 *   -> openStaging() -> fill in -> storeRows() ...     or storageAddress() -> copy what was packed before
 *   -> seal()
 *   -> reserve() -> bufferAddress() -> fill in inputs -> forward() -> bufferAddress() -> read
 *
 * openWeights() is the opposite of seal(): after it, weights are read and written as they were stored, by
 * storageAddress(), or by openStaging() -> fetchRows() -> read, which takes the place of a request's buffers.
 */
import { ABI_VERSION, Buffer, WeightType } from './abi';
import { Pass } from './memory/layout';
import { openArena } from './memory/pass';
import { mark } from './memory/region';
import { planWeights } from './memory/weights';
import { FLOATS, QUANTIZED } from './simd/build';

export { createPass, reserve } from './memory/pass';
export { reserveOutliers } from './memory/outliers';
export { openStaging, storeRows } from './memory/store';
export { fetchRows } from './memory/fetch';
export { storageAddress, storageBytes, weightType } from './memory/storage';
export { openWeights, seal } from './memory/seal';
export { forward } from './model/forward';

export function abiVersion(): i32 {
  return ABI_VERSION;
}

/** Where the host writes Config's fields, 4 bytes each in their order. */
export function configAddress(pass: Pass): usize {
  return changetype<usize>(pass.config);
}

/**
 * Plans and zeroes the weights of the written configuration, once. Returns the bytes in use, 0
 * where the build does not run such weights.
 */
export function allocateWeights(pass: Pass): usize {
  const type = pass.config.weightType;
  if (!FLOATS && type != WeightType.Q8) return 0;
  if (!QUANTIZED && type != WeightType.F32) return 0;
  planWeights(pass);
  openArena(pass);
  return mark();
}

/** Where the parameters lie, one behind the other. */
export function parametersAddress(pass: Pass): usize {
  return pass.weights.parameters;
}

/** How many bytes they take, alignment included. */
export function parametersBytes(pass: Pass): usize {
  return <usize>pass.weights.parameterBytes;
}

/** Address of a buffer of the reserved request, 0 where it was not asked for. */
export function bufferAddress(pass: Pass, buffer: Buffer): usize {
  // The record has the buffers in the order of the enum.
  return load<usize>(changetype<usize>(pass.buffers) + <usize>buffer * sizeof<usize>());
}
