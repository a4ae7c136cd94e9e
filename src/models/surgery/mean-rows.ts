/**
 * New rows for a table, drawn around the mean of its old ones: `_init_added_embeddings_weights_with_mean`
 * of Hugging Face's modeling_utils.py, after Hewitt, "Initializing new word embeddings for pretrained
 * language models" (2021). New words then take next to nothing of the old ones' probabilities.
 */

import type { NormalSource } from '../../weights/normal.ts';

/** The covariance of the new rows is the old ones' times this. */
const EPSILON = 1e-9;

/** Of more old rows the covariance is that of these many, evenly spaced: its own error is then 2 %. */
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
  const factor = cholesky(covarianceOf(old, mean), width);
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

/** The lower half of [width, width], times EPSILON; of a large table's rows as many as tell enough. */
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

/** L with L L^T = the matrix, lower half; undefined where it is not positive definite. */
function cholesky(matrix: Float64Array, width: number): Float64Array | undefined {
  const L = new Float64Array(width * width);
  for (let i = 0; i < width; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * width + j]!;
      for (let k = 0; k < j; k++) sum -= L[i * width + k]! * L[j * width + k]!;
      if (i !== j) L[i * width + j] = sum / L[j * width + j]!;
      else if (sum > 0) L[i * width + i] = Math.sqrt(sum);
      else return undefined;
    }
  }
  return L;
}
