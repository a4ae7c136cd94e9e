/**
 * One layer rounded so that, fed by a model with rounded weights, it gives what the exact model's layer
 * gives: docs/accuracy.md has the method. In: exact weights, and what the layer met. Out: whole numbers.
 */

import type { LayerSums, RoundedLayer } from '../engine/calibration-engine.ts';
import { cholesky, solve } from './cholesky.ts';
import { gptq, scalesOf } from './gptq.ts';

/** A layer as the checkpoint has it. */
export interface ExactLayer {
  /** [K,N] */
  readonly weights: Float64Array;
  /** [N] */
  readonly bias: Float32Array;
  /** [K], powers of two that the engine multiplies inputs by before it rounds them. */
  readonly factors: Float32Array;
}

/** What is added to the inputs' variances, of their mean: what a few thousand rows say is not all there is. */
const DAMPING = 0.2;

/**
 * Everything happens behind the factors, where a checkpoint that is rescaled by powers of two meets the
 * same numbers: weights are refitted to take up the errors, rounded by GPTQ, and the bias gives the
 * exact model's mean.
 *
 * @throws RangeError for sums or weights that are not finite
 */
export function fitLayer(exact: ExactLayer, sums: LayerSums): RoundedLayer {
  const { bias, factors } = exact;
  const [K, N] = [factors.length, bias.length];
  const weights = timesRows(
    exact.weights,
    factors.map((factor) => 1 / factor),
    N,
  );
  const covariance = timesBoth(sums.covariance, factors);
  let unit = 0;
  for (let k = 0; k < K; k++) unit += covariance[k * K + k]! / K;
  // Inputs that never change say nothing: then any damping leaves the weights as they are.
  if (unit === 0) unit = 1;
  const update = timesRows(sums.cross, factors, N);
  const hessian = damped(covariance, K, DAMPING * unit);
  solve(cholesky(hessian, K), K, update);
  const goal = weights.slice();
  for (let i = 0; i < goal.length; i++) goal[i]! += update[i]!;
  const scales = scalesOf(goal, N);
  const numbers = gptq(goal, scales, hessian);
  const mean = Float64Array.from(bias, (b, n) => b + sums.errorMeans[n]!);
  for (let k = 0, i = 0; k < K; k++) {
    const input = sums.inputMeans[k]! * factors[k]!;
    for (let n = 0; n < N; n++, i++) mean[n]! += (weights[i]! - numbers[i]! * scales[n]!) * input;
  }
  return { numbers, scales, factors, bias: Float32Array.from(mean) };
}

/** Rows of a matrix [K,N], each times a number. */
function timesRows(matrix: Float64Array, factors: Float32Array, N: number): Float64Array {
  const out = new Float64Array(matrix.length);
  for (let k = 0, i = 0; k < factors.length; k++) {
    const factor = factors[k]!;
    for (const end = i + N; i < end; i++) out[i] = matrix[i]! * factor;
  }
  return out;
}

/** Products of inputs [K,K] where the inputs are multiplied by factors. */
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
