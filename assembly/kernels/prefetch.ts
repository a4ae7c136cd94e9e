/**
 * Brings f32 panels near while products of earlier ones compute. WebAssembly has no prefetch, a
 * product's own loads come too far apart to keep memory busy, and one load that misses holds up what
 * follows. So the weights that lie behind those in use are read a window at a time, in eight streams
 * side by side, a line of each now and then, evenly over the time that the window before takes to be
 * multiplied. Meanwhile the hardware's prefetcher goes on along each stream (docs/kernels.md).
 */
import { TILE_ROWS } from '../simd/build';

const STREAMS: usize = 8;
/** Bytes of a stream: a page, for prefetchers stop at its end. The offsets below are its multiples. */
const STREAM: usize = 4096;
const WINDOW: usize = STREAMS * STREAM;
const LINE: usize = 64;

/** At least 16 k-steps; a record begins with it. */
export const LEAST_EVERY: usize = 512;

/** How far one thread has read ahead. */
@unmanaged
export class Prefetch {
  /** Bytes of a panel that a tile multiplies before it reads on; never 0. */
  every!: usize;
  /** Where the window begins that is read now; all before it has been read. */
  window!: usize;
  /** The next line of its first stream, and where that stream ends. */
  line!: usize;
  lineEnd!: usize;
  /** Keeps the loads from being dropped as unused. */
  seen!: i32;
}

/** Of products whose panels lie in cache: nothing is left to read, so it is never written to. */
export const IDLE_PREFETCH: usize = memory.data<u32>([2048, 0, 0, 0, 0], 16);

export abstract class prefetch {
  /** A line of each stream. Inline: no register survives a call, and a tile's sums lie in all of them. */
  // biome-ignore format: four streams a line
  @inline static step(p: Prefetch): void {
    const at = p.line;
    if (at == p.lineEnd) return;
    p.line = at + LINE;
    p.seen = load<i32>(at) | load<i32>(at, 4096) | load<i32>(at, 8192) | load<i32>(at, 12288) |
      load<i32>(at, 16384) | load<i32>(at, 20480) | load<i32>(at, 24576) | load<i32>(at, 28672);
  }
}

/**
 * Before a product of `rows` reads `bytes` at `panel`: when this returns they have been read, and
 * tiles go on with what lies behind them.
 */
export function prefetchTo(p: Prefetch, panel: usize, bytes: usize, rows: i32): void {
  // Every tile multiplies the whole window, in whose time each stream's lines are to be read.
  p.every = max((STREAMS * LINE * <usize>rows) / TILE_ROWS, LEAST_EVERY);
  const end = panel + bytes;
  // Neither in the window nor just before it: another block of rows, or another pass. Windows are whole
  // pages: else two streams meet in one, and 32 rows take up to 15 % longer, as addresses happen to be.
  if (panel > p.window + WINDOW || end + WINDOW < p.window) begin(p, panel & ~(STREAM - 1));
  while (end > p.window) {
    while (p.line != p.lineEnd) prefetch.step(p);
    begin(p, p.window + WINDOW);
  }
}

/** Nothing is read past the end of memory. */
function begin(p: Prefetch, at: usize): void {
  p.window = at;
  p.line = at;
  p.lineEnd = (at + WINDOW - 1) >>> 16 < <usize>memory.size() ? at + STREAM : at;
}
