/**
 * The ABI: everything the host can call, in the order it does. Addresses and byte counts are
 * unsigned 32-bit; statuses and enums are those of abi.ts. The module imports nothing.
 *
 *   configAddress() -> fill in Config -> allocateWeights() -> openStaging() -> storeRows() ...
 *   (or homeBytes() -> homeAddress() -> copy what was packed before)
 *   -> reserve() -> bufferAddress() -> fill in inputs -> forward() -> bufferAddress() -> read
 *
 * Weights come back by openStaging() -> fetchRows() -> read; it takes the place of a request's buffers.
 */
import { ABI_VERSION, Buffer, Kind } from './abi';
import { config, planWeights } from './memory/plan';
import { activations, openArena, planRequest } from './memory/request';
import { mark } from './memory/region';
import { FLOATS } from './simd/lanes';

export { forward } from './model/forward';
export { homeAddress, homeBytes } from './memory/homes';
export { openStaging, storeRows } from './memory/store';
export { fetchRows } from './memory/fetch';
export { planRequest as reserve } from './memory/request';

export function abiVersion(): i32 {
  return ABI_VERSION;
}

/** Where the host writes Config's fields, 4 bytes each in their order. */
export function configAddress(): usize {
  return changetype<usize>(config);
}

/**
 * Plans and zeroes the weights of the written configuration, once. Returns the bytes in use, 0 where the
 * build does not run such weights.
 */
export function allocateWeights(): usize {
  if (!FLOATS && config.kind != Kind.Q8) return 0;
  planWeights();
  openArena();
  return mark();
}

/** Address of a buffer of the reserved request, 0 where it was not asked for. */
export function bufferAddress(buffer: Buffer): usize {
  // Activations begins with the host's buffers, in the order of the enum.
  return load<usize>(changetype<usize>(activations) + <usize>buffer * sizeof<usize>());
}
