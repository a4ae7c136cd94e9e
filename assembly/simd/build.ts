/**
 * What a build can do: the only file that reads the constants that src/builds.ts gives each target.
 * `FUSED` and `DOT` are the relaxed SIMD instructions it may use; `TAP` makes the build for
 * calibration, `THREADS` a build for a team over shared memory.
 */

/** Multiply and add are one instruction with one rounding. */
export const FUSED_MADD: bool = FUSED ? true : false;

/** Integer sums use the relaxed dot product of bytes. */
export const RELAXED_DOT: bool = DOT ? true : false;

/**
 * Models whose weights are f32 or f16 run. The build `dot` runs q8 alone and is 2 KB smaller after
 * gzip.
 */
export const FLOATS: bool = FUSED || !DOT;

/** Models whose weights are f16 or q8 run. Calibration needs the exact f32 weights alone. */
export const QUANTIZED: bool = !TAP;

/** Several threads run one pass together (threads/team.ts). */
export const THREADED: bool = THREADS ? true : false;

/** Every product shows the host what it is about to read (ops/observe.ts). */
export const OBSERVED: bool = TAP ? true : false;

/**
 * Rows of a q8 product may be quantised to 8 bits (q8-fast). Only the build that fuses has tiles
 * for them; `dot` takes rows of 16 bits and stays small.
 */
export const BYTE_ROWS: bool = DOT && FUSED;

/** Depths that one 32-bit lane of a quantised row holds: four bytes, or two i16. */
export const DOT_DEPTHS: i32 = DOT ? 4 : 2;

/**
 * Rows of an f32 tile. V8 has 15 vector registers: a fused tile of 6 rows takes 12 sums, two
 * vectors of the panel and one broadcast input. Without fusing, the product needs a register too,
 * and more than 4 rows gain nothing (docs/kernels.md).
 */
export const TILE_ROWS: i32 = FUSED ? 6 : 4;

/**
 * Panels that one call of an f32 kernel passes over. A fused sum waits four cycles for the one
 * before it, so one or two rows left over are faster against two panels at once; unfused ones are
 * as fast against one.
 */
export const PANELS: usize = FUSED ? 2 : 1;
