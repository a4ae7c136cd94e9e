/**
 * Rounds one layer so that its outputs, computed from the inputs of the rounded model, stay close
 * to the outputs of the exact model. docs/accuracy.md describes the method. It takes the exact
 * weights and the statistics of the layer's inputs, and returns integers.
 */

import { cholesky, solve } from '../numerics/cholesky.ts';
import type { LayerSums, RoundedLayer } from './calibration-engine.ts';
import { gptq, scalesOf } from './gptq.ts';

/** A layer as it is in the checkpoint. */
export interface ExactLayer {
  /** [K,N] */
  readonly weights: Float64Array;
  /** [N] */
  readonly bias: Float32Array;
  /**
   * [K], powers of two that the engine multiplies inputs by before it rounds them; 0 where it keeps
   * the weights of an input in f32.
   */
  readonly factors: Float32Array;
}

/**
 * Added to the variance of every input, as a share of their mean: a few thousand rows do not show
 * all that a layer will read. Refitting takes more, because most errors have nothing to do with the
 * layer's inputs.
 */
const ROUNDING_DAMPING = 0.2;
const REFIT_DAMPING = 1;

/**
 * Fits one layer: refits its weights so that they make up for the errors, rounds them by GPTQ, and
 * sets the bias that gives the exact model's mean. All of it is done on weights and inputs after
 * the input factors, so a checkpoint that is rescaled by powers of two gives the same numbers.
 *
 * @throws RangeError for sums or weights that are not finite
 */
export function fitLayer(exact: ExactLayer, sums: LayerSums): RoundedLayer {
  const { factors } = exact;
  const N = exact.bias.length;
  const weights = timesRows(
    exact.weights,
    factors.map((factor) => (factor > 0 ? 1 / factor : 0)),
    N,
  );
  const { goal, hessian } = refitted(weights, factors, sums);
  const scales = scalesOf(goal, N);
  const numbers = gptq(goal, scales, hessian);
  const bias = meanBias({ ...exact, weights }, sums, (i, n) => numbers[i]! * scales[n]!);
  const outlying = new Map<number, Float64Array>();
  factors.forEach((factor, k) => {
    if (factor === 0) outlying.set(k, exact.weights.subarray(k * N, (k + 1) * N));
  });
  return { numbers, scales, factors, bias, outlying };
}

/**
 * Refits a layer without rounding it: for weights of 16 bits, whose rounding is too fine to matter.
 *
 * @returns the refitted weights [K,N]
 * @throws RangeError for sums or weights that are not finite
 */
export function refitLayer({ weights, factors }: ExactLayer, sums: LayerSums): Float64Array {
  const { goal } = refitted(weights, factors, sums);
  const bad = goal.find((weight) => !Number.isFinite(weight));
  if (bad === undefined) return goal;
  throw new RangeError(`Cannot refit weights: found ${bad}, expected finite numbers`);
}

/**
 * The bias [N] that gives the exact model's mean, where weights behind the factors became
 * `rounded`.
 */
export function meanBias(
  { weights, bias, factors }: ExactLayer,
  sums: LayerSums,
  rounded: (i: number, n: number) => number,
): Float32Array {
  const N = bias.length;
  const mean = Float64Array.from(bias, (b, n) => b + sums.errorMeans[n]!);
  for (let k = 0, i = 0; k < factors.length; k++) {
    const input = sums.inputMeans[k]! * factors[k]!;
    for (let n = 0; n < N; n++, i++) mean[n]! += (weights[i]! - rounded(i, n)) * input;
  }
  return Float32Array.from(mean);
}

/**
 * Weights that take up the errors, and what the rounding of them is weighed by; behind the factors.
 */
function refitted(weights: Float64Array, factors: Float32Array, sums: LayerSums) {
  const K = factors.length;
  const N = weights.length / K;
  const covariance = timesBoth(sums.covariance, factors);
  let unit = meanVariance(Float64Array.from(factors, (_, k) => covariance[k * K + k]!));
  // Inputs that never change say nothing: then any damping leaves the weights as they are.
  if (unit === 0) unit = 1;
  const update = timesRows(sums.cross, factors, N);
  const hessian = damped(covariance, K, ROUNDING_DAMPING * unit);
  solve(cholesky(damped(covariance, K, REFIT_DAMPING * unit), K), K, update);
  const goal = weights.slice();
  for (let i = 0; i < goal.length; i++) goal[i]! += update[i]!;
  return { goal, hessian };
}

/**
 * The mean of variances. An input that carries massive activations counts as 100 times the median at
 * most: its variance is that of one token, and would damp all others away.
 */
function meanVariance(variances: Float64Array): number {
  const median = variances.toSorted()[variances.length >> 1]!;
  const most = median > 0 ? 100 * median : Number.POSITIVE_INFINITY;
  return variances.reduce((sum, variance) => sum + Math.min(variance, most), 0) / variances.length;
}

/** Multiplies each row of a matrix [K,N] by its factor. */
function timesRows(matrix: Float64Array, factors: Float32Array, N: number): Float64Array {
  const out = new Float64Array(matrix.length);
  for (let k = 0, i = 0; k < factors.length; k++) {
    const factor = factors[k]!;
    for (const end = i + N; i < end; i++) out[i] = matrix[i]! * factor;
  }
  return out;
}

/** Products of inputs [K,K], after each input is multiplied by its factor. */
function timesBoth(matrix: Float64Array, factors: Float32Array): Float64Array {
  const K = factors.length;
  const out = new Float64Array(matrix.length);
  for (let i = 0, at = 0; i < K; i++) {
    for (let j = 0; j < K; j++, at++) out[at] = matrix[at]! * factors[i]! * factors[j]!;
  }
  return out;
}

function damped(matrix: Float64Array, size: number, damping: number): Float64Array {
  const out = matrix.slice();
  for (let k = 0; k < size; k++) out[k * size + k]! += damping;
  return out;
}
