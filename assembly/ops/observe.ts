/**
 * Calibration's way into a product. Two models go through one pass side by side: the first half of
 * every product's rows belongs to the exact model, the second half to the one with rounded weights.
 * The host observes the rows that a layer is about to read, makes its rounded weights of them, and
 * the pass goes on with those. Only the build for calibration has this (simd/build.ts: OBSERVED).
 */
import { WeightType } from '../abi';
import { Linear, Pass } from '../memory/layout';

/**
 * The host's: x [2 rows, K] and residual [2 rows, N] or 0 are what a layer reads, y [2 rows, N] is
 * where it will write. Returns whether the rounded weights were filled in; otherwise the layer
 * serves both halves.
 */
// biome-ignore format: a matrix a line
declare function observe(
  layer: usize, x: usize, xBytes: usize, rows: i32, residual: usize, y: usize,
): bool;

/** The layer for the second half of the rows. */
export function roundedOf(
  pass: Pass,
  w: Linear,
  x: usize,
  rows: i32,
  residual: usize,
  y: usize,
): Linear {
  if (!observe(changetype<usize>(w), x, w.inputStride, rows, residual, y)) return w;
  const rounded = pass.calibration!.rounded;
  rounded.inputs = w.inputs;
  rounded.outputs = w.outputs;
  rounded.inputStride = w.inputStride;
  rounded.weightType = WeightType.F32;
  return rounded;
}
