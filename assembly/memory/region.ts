/** A bump pointer over linear memory: the only code that grows it. */

/** Next free address. */
let top: usize = __heap_base;

/** Panels start on cache lines. */
const ALIGNMENT: usize = 64;

/**
 * `bytes` of address space at a multiple of 64, memory only after `commit`. Fresh memory is zero;
 * memory below a past `release` is not. Sizes are 64 bits wide because the extents that a host asks
 * for may be absurd: past 4 GB this traps, and nothing has grown. The host turns traps into errors.
 */
export function allocate(bytes: u64): usize {
  const address = (<u64>top + ALIGNMENT - 1) & ~(<u64>ALIGNMENT - 1);
  if (bytes > <u64>u32.MAX_VALUE || address + bytes > <u64>u32.MAX_VALUE) unreachable();
  top = <usize>(address + bytes);
  return <usize>address;
}

/** Grows memory to all that is allocated; traps when it cannot. */
export function commit(): void {
  const pages = <i32>((<u64>top + 0xffff) >>> 16) - memory.size();
  if (pages > 0 && memory.grow(pages) < 0) unreachable();
}

/** Where the next allocation can start. */
export function mark(): usize {
  return top;
}

/** Gives back everything allocated since `address` was marked. */
export function release(address: usize): void {
  top = address;
}
