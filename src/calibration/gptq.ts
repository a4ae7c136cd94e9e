/**
 * GPTQ (Frantar et al. 2022, arXiv:2210.17323): rounds weights to integers, one input after the
 * other. Each rounding compensates for the errors of those before it. Inputs of the largest
 * variance come first.
 *
 * With H = V V^T, V upper triangular in that order, and d the errors w - q t so far, the loss d^T H
 * d is the sum over k of (V[k,k] d[k] + sum over i < k of V[i,k] d[i])^2, so that q[k] is best
 * where w[k] - q[k] t = -(sum over i < k of V[i,k] d[i]) / V[k,k]. This is GPTQ's update without an
 * inverse. V is the Cholesky factor of H in reversed order, read backwards.
 */

import { cholesky, subtractRow } from '../numerics/cholesky.ts';

/** Largest integer: -128 is not used. */
const LIMIT = 127;

/**
 * weights [K,N] -> numbers [K,N], -127 to 127, with small (w - q t)^T H (w - q t) of every output.
 *
 * @param scales t [N]; an output whose scale is 0 has zeros
 * @param hessian H [K,K], positive definite
 * @throws RangeError when `hessian` is not positive definite
 */
export function gptq(
  weights: Float64Array,
  scales: Float32Array,
  hessian: Float64Array,
): Int8Array {
  const N = scales.length;
  const K = weights.length / N;
  const order = byVariance(hessian, K);
  const factor = cholesky(permuted(hessian, order), K);
  const numbers = new Int8Array(K * N);
  // Rows in the order of `order`: the input that is rounded first lies last.
  const errors = new Float64Array(K * N);
  const goal = new Float64Array(N);
  for (let r = K - 1; r >= 0; r--) {
    const own = errors.subarray(r * N, (r + 1) * N).fill(0);
    const pivot = factor[r * K + r]!;
    for (let s = r + 1; s < K; s++) subtractRow(errors, r, s, N, -factor[s * K + r]! / pivot);
    const first = order[r]! * N;
    goal.set(weights.subarray(first, first + N));
    for (let n = 0; n < N; n++) {
      const scale = scales[n]!;
      const number = scale > 0 ? rounded((goal[n]! + own[n]!) / scale) : 0;
      numbers[first + n] = number;
      own[n] = goal[n]! - number * scale;
    }
  }
  return numbers;
}

/** Rounds to the nearest integer within the limits. */
export function rounded(number: number): number {
  return Math.max(-LIMIT, Math.min(LIMIT, Math.round(number)));
}

/**
 * Scales [N] of weights [K,N]: each makes its output's largest weight 127, or a little less. They
 * are rounded up to bf16, which is what a file has.
 *
 * @throws RangeError for weights that are not finite
 */
export function scalesOf(weights: Float64Array, N: number): Float32Array {
  const most = new Float64Array(N);
  for (let first = 0; first < weights.length; first += N) {
    for (let n = 0; n < N; n++) most[n] = Math.max(most[n]!, Math.abs(weights[first + n]!));
  }
  const bad = most.findIndex((largest) => !Number.isFinite(largest));
  if (bad < 0) return upperHalves(Float32Array.from(most, (largest) => largest / LIMIT));
  throw new RangeError(
    `Cannot round weights: output ${bad} has ${most[bad]}, expected finite numbers`,
  );
}

function upperHalves(scales: Float32Array<ArrayBuffer>): Float32Array {
  const bits = new Uint32Array(scales.buffer);
  bits.forEach((word, n) => {
    bits[n] = (word + 0xffff) & ~0xffff;
  });
  return scales;
}

/** Indices by the diagonal, smallest first. */
function byVariance(matrix: Float64Array, size: number): number[] {
  const diagonal = (k: number) => matrix[k * size + k]!;
  return Array.from({ length: size }, (_, k) => k).sort(
    (a, b) => diagonal(a) - diagonal(b) || b - a,
  );
}

function permuted(matrix: Float64Array, order: readonly number[]): Float64Array {
  const size = order.length;
  const out = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) out[i * size + j] = matrix[order[i]! * size + order[j]!]!;
  }
  return out;
}
