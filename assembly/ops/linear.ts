/**
 * y [M,N] = x [M,K] W + b over packed panels of any kind, with what MobileBERT puts behind a product. Rows are
 * padded to whole panels; `xBytes` is the stride of x, y's follows from N. `again`: x is what the product
 * before read, in a block of rows (product.ts).
 */
import { Activation, NormKind } from '../abi';
import { f32Activation } from '../kernels/f32-activation';
import { Linear, Norm, roundUp8 } from '../memory/layout';
import { layerNorm } from './norm';
import { Behind, product } from './product';

/** y = x W + b */
export function linear(y: usize, x: usize, xBytes: usize, rows: i32, w: Linear, again: bool): void {
  product.run(Behind.Nothing, y, x, xBytes, rows, w, 0, 0, 0, again);
}

/** y = activation(x W + b) */
export function linearActivation(
  y: usize,
  x: usize,
  xBytes: usize,
  rows: i32,
  w: Linear,
  activation: Activation,
): void {
  if (activation == Activation.Relu) {
    product.run(Behind.Relu, y, x, xBytes, rows, w, 0, 0, 0);
  } else {
    linear(y, x, xBytes, rows, w, false);
    f32Activation(y, rows * roundUp8(w.outputs), activation);
  }
}

/** y = x W + b + residual; `residual` has y's shape and may be y. */
export function linearResidual(
  y: usize,
  x: usize,
  xBytes: usize,
  rows: i32,
  w: Linear,
  residual: usize,
): void {
  product.run(Behind.Residual, y, x, xBytes, rows, w, residual, 0, 0);
}

/** y = norm(x W + b) */
export function linearNorm(
  y: usize,
  x: usize,
  xBytes: usize,
  rows: i32,
  w: Linear,
  n: Norm,
  again: bool,
): void {
  if (n.kind == NormKind.NoNorm) {
    product.run(Behind.Norm, y, x, xBytes, rows, w, 0, n.scale, n.shift, again);
  } else {
    linear(y, x, xBytes, rows, w, again);
    layerNorm(y, rows, n);
  }
}

/** y = norm(x W + b + residual); `residual` has y's shape and may be y. */
export function linearResidualNorm(
  y: usize,
  x: usize,
  xBytes: usize,
  rows: i32,
  w: Linear,
  residual: usize,
  n: Norm,
): void {
  if (n.kind == NormKind.NoNorm) {
    product.run(Behind.ResidualNorm, y, x, xBytes, rows, w, residual, n.scale, n.shift);
  } else {
    linearResidual(y, x, xBytes, rows, w, residual);
    layerNorm(y, rows, n);
  }
}
