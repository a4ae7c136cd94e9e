/**
 * Prefetches f32 weights while earlier ones are multiplied. WebAssembly has no prefetch
 * instruction. A product's own loads come too far apart to keep memory busy, and a load that misses
 * the cache stalls what follows. So tiles also read the weights behind those in use, one window at
 * a time: eight streams side by side, one line of each at every pause, spread evenly over the time
 * in which the window before is multiplied. In between, the hardware's prefetcher continues along
 * each stream (docs/kernels.md).
 */
import { TILE_ROWS } from '../simd/build';

const STREAMS: usize = 8;
/** Bytes of a stream: a page, where prefetchers stop. The offsets in `step` are its multiples. */
const STREAM: usize = 4096;
const WINDOW: usize = STREAMS * STREAM;
const LINE: usize = 64;

/** Least bytes of a panel between two pauses: 16 k-steps. New records start with it. */
export const LEAST_EVERY: usize = 512;

/** How far one thread has prefetched. */
@unmanaged
export class Prefetch {
  /** Bytes of a panel that a tile multiplies between two pauses; never 0. */
  every!: usize;
  /** Start of the window that is being read; everything before it has been read. */
  window!: usize;
  /** Next line of the window's first stream, and the end of that stream. */
  line!: usize;
  lineEnd!: usize;
  /** The last lines read. The store keeps the optimiser from dropping the loads. */
  seen!: i32;

  /** Reads one line of each stream. Inline: across a call, a tile would spill all its sums. */
  // biome-ignore format: four streams a line
  @inline step(): void {
    const at = this.line;
    if (at == this.lineEnd) return;
    this.line = at + LINE;
    this.seen = load<i32>(at) | load<i32>(at, 4096) | load<i32>(at, 8192) | load<i32>(at, 12288) |
      load<i32>(at, 16384) | load<i32>(at, 20480) | load<i32>(at, 24576) | load<i32>(at, 28672);
  }
}

/** For products whose panels are in the cache: it has no line left to read, so it never changes. */
export const IDLE_PREFETCH: usize = memory.data<u32>([2048, 0, 0, 0, 0], 16);

/**
 * Call it before a product of `rows` rows reads `bytes` at `panel`. It reads what is left of these
 * bytes at once, and points tiles at the bytes behind them.
 */
export function prefetchTo(p: Prefetch, panel: usize, bytes: usize, rows: i32): void {
  // Every tile multiplies the whole window; in that time each stream's lines must be read.
  p.every = max((STREAMS * LINE * <usize>rows) / TILE_ROWS, LEAST_EVERY);
  const end = panel + bytes;
  // Far from the window: another block of rows or another pass begins. Windows start at a page,
  // else two streams share one, and 32 rows take up to 15 % longer, depending on the addresses.
  if (panel > p.window + WINDOW || end + WINDOW < p.window) begin(p, panel & ~(STREAM - 1));
  while (end > p.window) {
    while (p.line != p.lineEnd) p.step();
    begin(p, p.window + WINDOW);
  }
}

/** Opens the window at `at`; one that does not fit into memory is left unread. */
function begin(p: Prefetch, at: usize): void {
  p.window = at;
  p.line = at;
  p.lineEnd = (at + WINDOW - 1) >>> 16 < <usize>memory.size() ? at + STREAM : at;
}
