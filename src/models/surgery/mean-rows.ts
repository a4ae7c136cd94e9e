/**
 * Draws new rows of a table around the mean of its old ones:
 * `_init_added_embeddings_weights_with_mean` of Hugging Face's modeling_utils.py, after Hewitt,
 * "Initializing new word embeddings for pretrained language models" (2021). The new words then take
 * very little of the old words' probabilities.
 */

import { cholesky } from '../../numerics/cholesky.ts';
import type { NormalSource } from '../../weights/normal.ts';

/** The covariance of the new rows is that of the old rows times this. */
const EPSILON = 1e-9;

/**
 * The covariance is taken of at most so many old rows, evenly spaced: its own error is then 2 %.
 */
const MOST_ROWS = 4096;

/**
 * `count` rows [count, width] from the normal distribution with the mean of the rows of `old`
 * [rows, width] and 1e-9 of their covariance; the mean itself where that is not positive definite.
 */
export function meanRows(
  old: Float32Array,
  width: number,
  count: number,
  normal: NormalSource,
): Float32Array<ArrayBuffer> {
  const mean = meanOf(old, width);
  const factor = factorOf(covarianceOf(old, mean), width);
  const rows = new Float32Array(count * width);
  const draws = new Float64Array(width);
  for (let row = 0; row < count; row++) {
    for (let i = 0; i < width; i++) draws[i] = normal.next();
    for (let i = 0; i < width; i++) {
      let sum = mean[i]!;
      if (factor) for (let j = 0; j <= i; j++) sum += factor[i * width + j]! * draws[j]!;
      rows[row * width + i] = sum;
    }
  }
  return rows;
}

/** [width]; zeros of no rows. */
function meanOf(old: Float32Array, width: number): Float64Array {
  const mean = new Float64Array(width);
  for (let i = 0; i < old.length; i++) mean[i % width]! += old[i]!;
  return mean.map((sum) => sum / (old.length / width));
}

/** The lower half of the covariance [width, width], times EPSILON. */
function covarianceOf(old: Float32Array, mean: Float64Array): Float64Array {
  const width = mean.length;
  const rows = old.length / width;
  const step = Math.max(1, rows / MOST_ROWS);
  const covariance = new Float64Array(width * width);
  const centred = new Float64Array(width);
  let count = 0;
  for (let row = 0; row < rows; row += step, count++) {
    const first = Math.floor(row) * width;
    for (let i = 0; i < width; i++) centred[i] = old[first + i]! - mean[i]!;
    for (let i = 0; i < width; i++) {
      const x = centred[i]!;
      const to = i * width;
      for (let j = 0; j <= i; j++) covariance[to + j]! += x * centred[j]!;
    }
  }
  return covariance.map((sum) => (sum * EPSILON) / count);
}

/** The covariance's factor; undefined where it is not positive definite. */
function factorOf(covariance: Float64Array, width: number): Float64Array | undefined {
  try {
    return cholesky(covariance, width);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
