/**
 * The losses of Hugging Face's heads, as torch.nn computes them (reduction 'mean'), in float64 over
 * the float32 logits. Logits are row-major [rows, classes].
 */

/** The label that torch.nn.CrossEntropyLoss leaves out. */
export const IGNORE_INDEX = -100;

/**
 * Mean of -log softmax(row)[label] over the rows whose label is not `ignored`; NaN when all are, as
 * in torch. Labels are checked: a class or `ignored`.
 */
export function crossEntropy(
  logits: Float32Array,
  classes: number,
  labels: ArrayLike<number>,
  ignored = IGNORE_INDEX,
): number {
  let sum = 0;
  let counted = 0;
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row]!;
    if (label === ignored) continue;
    sum += logSumExp(logits, row * classes, classes) - logits[row * classes + label]!;
    counted++;
  }
  return sum / counted;
}

/** Mean of (logit - label)^2. */
export function meanSquaredError(logits: Float32Array, labels: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += (logits[i]! - labels[i]!) ** 2;
  return sum / logits.length;
}

/** Mean of -(y log sigmoid(x) + (1 - y) log(1 - sigmoid(x))), in the form that cannot overflow. */
export function binaryCrossEntropy(logits: Float32Array, labels: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < logits.length; i++) {
    const x = logits[i]!;
    sum += Math.max(x, 0) - x * labels[i]! + Math.log1p(Math.exp(-Math.abs(x)));
  }
  return sum / logits.length;
}

function logSumExp(x: Float32Array, from: number, count: number): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = from; i < from + count; i++) largest = Math.max(largest, x[i]!);
  let sum = 0;
  for (let i = from; i < from + count; i++) sum += Math.exp(x[i]! - largest);
  return largest + Math.log(sum);
}
