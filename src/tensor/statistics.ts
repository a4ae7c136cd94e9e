/** Means and standard deviations along axes, layer normalisation and mean pooling. */

import { type DataType, isFloat, type Values } from './data-type.ts';
import { sizeOf } from './layout.ts';
import { type Fold, foldAxis, meanOf } from './reductions.ts';
import { Tensor } from './tensor.ts';

/** Mean along `dim`, or of all elements. */
export function mean<T extends DataType>(
  input: Tensor<T>,
  dim: number | null = null,
  keepdim = false,
): Tensor<T> {
  return input.mean(dim, keepdim);
}

/**
 * Standard deviation and mean along `dim`, or of all elements.
 * @param correction subtracted from the count in the divisor: 1 gives the unbiased estimate, 0 the
 *   deviation of the values themselves
 */
export function std_mean<T extends DataType>(
  input: Tensor<T>,
  dim: number | null = null,
  correction = 1,
  keepdim = false,
): [std: Tensor<T>, mean: Tensor<T>] {
  const means = input.mean(dim, keepdim);
  const values = input.data as unknown as Values;
  const std = foldAxis(values, input.dims, dim, keepdim, deviationOf(correction));
  return [new Tensor(input.type, std.values, std.dims), means];
}

/**
 * Normalises over the last axes to mean 0 and variance 1, as torch.nn.functional.layer_norm without
 * weights.
 * @param normalized_shape the sizes of these axes
 */
export function layer_norm<T extends DataType>(
  input: Tensor<T>,
  normalized_shape: readonly number[],
  { eps = 1e-5 }: { eps?: number } = {},
): Tensor<T> {
  const tail = input.dims.slice(input.dims.length - normalized_shape.length);
  if (normalized_shape.length === 0 || String(tail) !== String(normalized_shape)) {
    throw new RangeError(
      `Cannot take layer_norm: dims are [${input.dims}], expected them to end in [${normalized_shape}]`,
    );
  }
  checkFloat(input, 'layer_norm');
  const size = sizeOf(tail);
  const output = input.clone();
  const values = output.data as unknown as Values;
  for (let start = 0; start < values.length; start += size) {
    const center = meanOf(values, start, 1, size);
    const scale = 1 / Math.sqrt(squaresOf(values, start, 1, size, center) / size + eps);
    for (let i = start; i < start + size; i++) values[i] = (values[i]! - center) * scale;
  }
  return output;
}

/**
 * Mean of the token vectors whose mask is not 0, weighted by the mask: [B, S, H] and [B, S] give
 * [B, H]. A text whose mask is all 0 gives zeros.
 */
export function mean_pooling<T extends DataType>(
  last_hidden_state: Tensor<T>,
  attention_mask: Tensor,
): Tensor<T> {
  checkFloat(last_hidden_state, 'mean_pooling');
  const [B = 0, S = 0, H = 0] = last_hidden_state.dims;
  const isShape =
    last_hidden_state.dims.length === 3 && String(attention_mask.dims) === `${B},${S}`;
  if (!isShape) {
    throw new RangeError(
      `Cannot take mean_pooling: dims are [${last_hidden_state.dims}] and [${attention_mask.dims}], expected [B, S, H] and [B, S]`,
    );
  }
  const values = last_hidden_state.data as unknown as Values;
  const pooled = new Float64Array(B * H);
  for (let b = 0; b < B; b++) {
    let count = 0;
    const out = pooled.subarray(b * H, (b + 1) * H);
    for (let s = 0; s < S; s++) {
      const weight = Number(attention_mask.data[b * S + s]);
      count += weight;
      if (weight !== 0) addRow(out, values, (b * S + s) * H, weight);
    }
    for (let h = 0; h < H; h++) out[h]! /= Math.max(count, 1e-9);
  }
  return new Tensor(last_hidden_state.type, Array.from(pooled), [B, H]);
}

function addRow(out: Float64Array, values: Values, start: number, weight: number): void {
  for (let h = 0; h < out.length; h++) out[h]! += values[start + h]! * weight;
}

function deviationOf(correction: number): Fold {
  return (values, start, step, count) => {
    const center = meanOf(values, start, step, count);
    // The divisor is never negative. One value with correction 1 is 0 / 0 = NaN, as in PyTorch.
    return Math.sqrt(
      squaresOf(values, start, step, count, center) / Math.max(0, count - correction),
    );
  };
}

/** Sum of squared distances from `center`. */
function squaresOf(
  values: Values,
  start: number,
  step: number,
  count: number,
  center: number,
): number {
  let sum = 0;
  for (let k = 0; k < count; k++) sum += (values[start + k * step]! - center) ** 2;
  return sum;
}

function checkFloat(tensor: Tensor, action: string): void {
  if (isFloat(tensor.type)) return;
  throw new TypeError(
    `Cannot take ${action}: tensor is ${tensor.type}, expected float32 or float64`,
  );
}
