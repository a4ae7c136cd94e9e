/**
 * Symmetric positive definite matrices in float64, [K,K] row-major: factors, and linear equations
 * with them. Plain loops over contiguous rows: 512 x 512 takes a few hundredths of a second.
 */

/**
 * The lower L with L L^T = matrix; what is above its diagonal is zero.
 *
 * @throws RangeError for a matrix that is not positive definite
 */
export function cholesky(matrix: Float64Array, size: number): Float64Array {
  const factor = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    const row = i * size;
    for (let j = 0; j <= i; j++) {
      const other = j * size;
      let sum = matrix[row + j]!;
      for (let k = 0; k < j; k++) sum -= factor[row + k]! * factor[other + k]!;
      if (j < i) factor[row + j] = sum / factor[other + j]!;
      else factor[row + i] = root(sum, i);
    }
  }
  return factor;
}

/** Solves L L^T x = b in place, for N columns of b [K,N] together. */
export function solve(factor: Float64Array, size: number, b: Float64Array): void {
  const N = b.length / size;
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < i; j++) subtractRow(b, i, j, N, factor[i * size + j]!);
    divideRow(b, i, N, factor[i * size + i]!);
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let j = i + 1; j < size; j++) subtractRow(b, i, j, N, factor[j * size + i]!);
    divideRow(b, i, N, factor[i * size + i]!);
  }
}

/** Row `to` less `factor` times row `from`, of a matrix of `width` columns. */
export function subtractRow(
  matrix: Float64Array,
  to: number,
  from: number,
  width: number,
  factor: number,
): void {
  if (factor === 0) return;
  const [a, b] = [to * width, from * width];
  for (let n = 0; n < width; n++) matrix[a + n]! -= factor * matrix[b + n]!;
}

function divideRow(matrix: Float64Array, row: number, width: number, by: number): void {
  const first = row * width;
  for (let n = first; n < first + width; n++) matrix[n]! /= by;
}

function root(pivot: number, index: number): number {
  if (pivot > 0 && pivot < Number.POSITIVE_INFINITY) return Math.sqrt(pivot);
  throw new RangeError(
    `Cannot factor a matrix: pivot ${index} is ${pivot}, expected a positive number`,
  );
}
