/**
 * Brings f32 panels near while products of earlier ones compute. WebAssembly has no prefetch, a
 * product's own loads come too far apart to keep memory busy, and one load that misses holds up what
 * follows. So the weights that lie behind those in use are read a window at a time, in eight streams
 * side by side, a line of each now and then, evenly over the time that the window before takes to be
 * multiplied: meanwhile the hardware's prefetcher goes on along each stream (docs/kernels.md).
 */
import { TILE_ROWS } from '../simd/lanes';

const STREAMS: usize = 8;
/** Bytes of a stream: a page, for prefetchers stop at its end. The offsets below are its multiples. */
const STREAM: usize = 4096;
const WINDOW: usize = STREAMS * STREAM;
const LINE: usize = 64;

/** Bytes of a panel that a tile multiplies before it reads on: at least 16 k-steps. */
export let readEvery: usize = 2048;
const READ_EVERY_LEAST: usize = 512;

/** Where the window begins that is read now: what lies before it has been. */
let window: usize = 0;
/** The next line of its first stream, and where that stream ends. */
let line: usize = 0;
let lineEnd: usize = 0;
/** Keeps the loads from being dropped as unused. */
let seen: i32 = 0;

export abstract class readAhead {
  /** A line of each stream. Inline: no register survives a call, and a tile's sums lie in all of them. */
  // biome-ignore format: four streams a line
  @inline static some(): void {
    if (line == lineEnd) return;
    const p = line;
    line = p + LINE;
    seen = load<i32>(p) | load<i32>(p, 4096) | load<i32>(p, 8192) | load<i32>(p, 12288) |
      load<i32>(p, 16384) | load<i32>(p, 20480) | load<i32>(p, 24576) | load<i32>(p, 28672);
  }
}

/**
 * Before a product of `rows` reads `bytes` at `panel`: when this returns they have been read, and
 * tiles go on with what lies behind them.
 */
export function reach(panel: usize, bytes: usize, rows: i32): void {
  // Every tile multiplies the whole window, in whose time each stream's lines are to be read.
  readEvery = max((STREAMS * LINE * <usize>rows) / TILE_ROWS, READ_EVERY_LEAST);
  const end = panel + bytes;
  // Neither in the window nor just before it: another block of rows, or another pass. Windows are whole
  // pages: else two streams meet in one, and 32 rows take up to 15 % longer, as addresses happen to be.
  if (panel > window + WINDOW || end + WINDOW < window) begin(panel & ~(STREAM - 1));
  while (end > window) {
    while (line != lineEnd) readAhead.some();
    begin(window + WINDOW);
  }
}

/** Nothing is read past the end of memory. */
function begin(at: usize): void {
  window = at;
  line = at;
  lineEnd = (at + WINDOW - 1) >>> 16 < <usize>memory.size() ? at + STREAM : at;
}
