/**
 * Calibration's way into a product. There two models go through one pass, side by side: the first half
 * of every product's rows is of the exact model, the second of the one with rounded weights. The host is
 * shown the rows that a layer reads, makes its rounded weights of them, and the pass goes on with those.
 * Only the build for calibration has this (simd/lanes.ts: TAPPED).
 */
import { Kind } from '../abi';
import { Linear } from '../memory/layout';

/**
 * The host's: x [2 rows, K] and residual [2 rows, N] or 0 are what a layer reads, y [2 rows, N] is where
 * it will write. Returns whether the twin was filled in; else the layer serves both halves.
 */
// biome-ignore format: a matrix a line
declare function show(
  layer: usize, x: usize, xBytes: usize, rows: i32, residual: usize, y: usize,
): bool;

/** The rounded weights of one layer, in f32 panels; calibration.ts gives it room. */
export function twin(): Linear {
  return changetype<Linear>(memory.data(offsetof<Linear>(), 16));
}

/** The layer for the second half of the rows. */
export function twinOf(
  w: Linear,
  x: usize,
  xBytes: usize,
  rows: i32,
  residual: usize,
  y: usize,
): Linear {
  if (!show(changetype<usize>(w), x, xBytes, rows, residual, y)) return w;
  const t = twin();
  t.inputs = w.inputs;
  t.outputs = w.outputs;
  t.kind = Kind.F32;
  return t;
}
