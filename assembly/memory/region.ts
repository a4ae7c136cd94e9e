/**
 * A bump pointer over linear memory: the only code that grows it. The pointer itself lies at the
 * heap's base, so that every instance over the same memory sees it.
 */

/** Panels start on cache lines. */
const ALIGNMENT: usize = 64;

@unmanaged
class Region {
  /** Next free address; 0 in fresh memory. */
  top!: usize;
}

function region(): Region {
  return changetype<Region>((__heap_base + ALIGNMENT - 1) & ~(ALIGNMENT - 1));
}

/** Before the first allocation: everything behind the record itself is free. */
export function openRegion(): void {
  const r = region();
  if (!r.top) r.top = changetype<usize>(r) + ALIGNMENT;
}

/** Next free address: where the next allocation can start. */
export function mark(): usize {
  return region().top;
}

/**
 * `bytes` of address space at a multiple of 64; memory is there after `commit`. Fresh memory is
 * zero, memory above a past `release` is not. Sizes are 64 bits wide because a host may ask for
 * absurd extents: past 4 GB this traps, and nothing has grown. The host turns traps into errors.
 */
export function allocate(bytes: u64): usize {
  const address = (<u64>mark() + ALIGNMENT - 1) & ~(<u64>ALIGNMENT - 1);
  if (bytes > <u64>u32.MAX_VALUE || address + bytes > <u64>u32.MAX_VALUE) unreachable();
  region().top = <usize>(address + bytes);
  return <usize>address;
}

/** Grows memory to all that is allocated; traps when it cannot. */
export function commit(): void {
  const pages = <i32>((<u64>mark() + 0xffff) >>> 16) - memory.size();
  if (pages > 0 && memory.grow(pages) < 0) unreachable();
}

/** Gives back everything that was allocated since `address` was marked. */
export function release(address: usize): void {
  region().top = address;
}

/** `bytes` of zeros, there at once. */
export function zeroed(bytes: usize): usize {
  const address = allocate(bytes);
  commit();
  memory.fill(address, 0, bytes);
  return address;
}
