/**
 * The losses of MobileBERT's heads, in float64, as torch.nn computes them with reduction "mean".
 */
import type { Matrix, Vector } from './ops.ts';

/**
 * Mean of -log softmax(logits)[label] over the rows whose label is not `ignored`: logits [R,C],
 * labels [R]. NaN when every row is ignored. torch.nn.CrossEntropyLoss.
 */
export function crossEntropy(logits: Matrix, labels: Vector, ignored = -100): number {
  const losses = logits.flatMap((row, r) => {
    if (labels[r] === ignored) return [];
    return [logSumExp(row) - row[labels[r]]];
  });
  return mean(losses);
}

/**
 * Mean of -t log sigmoid(x) - (1 - t) log(1 - sigmoid(x)), as max(x,0) - t x + log(1 + exp(-|x|)).
 */
export function binaryCrossEntropy(logits: Vector, targets: Vector): number {
  return mean(
    Array.from(
      logits,
      (x, i) => Math.max(x, 0) - targets[i] * x + Math.log1p(Math.exp(-Math.abs(x))),
    ),
  );
}

/** Mean of (x - t)^2. torch.nn.MSELoss. */
export function meanSquaredError(values: Vector, targets: Vector): number {
  return mean(Array.from(values, (x, i) => (x - targets[i]) ** 2));
}

/** log sum exp(x), shifted by the maximum. */
function logSumExp(row: Vector): number {
  const maximum = Math.max(...Array.from(row));
  return maximum + Math.log(Array.from(row).reduce((sum, x) => sum + Math.exp(x - maximum), 0));
}

/** 0 / 0 = NaN for an empty list. */
function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
