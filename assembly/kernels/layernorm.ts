/** LayerNorm of one row in place, as torch.nn.LayerNorm: biased variance, eps under the root. */
import { lanes } from '../simd/lanes';
import { f32s } from '../simd/units';

/**
 * x [count] -> (x - mean) / sqrt(variance + epsilon) * scale + shift. `x`, `scale` and `shift` are
 * padded to whole vectors; the padding of `x` is ignored and becomes that of `shift`.
 *
 * One pass over x and x^2 would cancel where the mean is large beside the spread. Even the mean,
 * rounded to f32, is off by up to 2^-24 of its size. So pass 2 also sums the distances, whose mean
 * is that error (the corrected two-pass algorithm of Chan, Golub and LeVeque 1983).
 */
export function f32LayerNormRow(
  x: usize,
  scale: usize,
  shift: usize,
  count: i32,
  epsilon: f32,
): void {
  const tail = x + f32s(count & ~3);
  const rest = lanes.first(count & 3);
  const end = x + f32s((count + 3) & ~3);

  // 1. mean
  let sum = f32x4.splat(0);
  for (let p = x; p < tail; p += 16) sum = f32x4.add(sum, v128.load(p));
  if (tail < end) sum = f32x4.add(sum, v128.and(v128.load(tail), rest));
  const mean = f32x4.splat(lanes.sum(sum) / <f32>count);

  // 2. variance, and the distance from the rounded mean to the mean
  let distances = f32x4.splat(0);
  let squares = f32x4.splat(0);
  for (let p = x; p < tail; p += 16) {
    const d = f32x4.sub(v128.load(p), mean);
    distances = f32x4.add(distances, d);
    squares = lanes.madd(d, d, squares);
  }
  if (tail < end) {
    const d = v128.and(f32x4.sub(v128.load(tail), mean), rest);
    distances = f32x4.add(distances, d);
    squares = lanes.madd(d, d, squares);
  }
  const distance = lanes.sum(distances) / <f32>count;
  const variance = max<f32>(lanes.sum(squares) / <f32>count - distance * distance, 0);
  const correction = f32x4.splat(distance);
  const deviation = f32x4.splat(1 / sqrt<f32>(variance + epsilon));

  // 3. normalise, scale, shift
  for (let p = x; p < end; p += 16) {
    const d = f32x4.sub(f32x4.sub(v128.load(p), mean), correction);
    const normalised = f32x4.mul(d, deviation);
    v128.store(p, lanes.madd(normalised, v128.load(scale), v128.load(shift)));
    scale += 16;
    shift += 16;
  }
}
