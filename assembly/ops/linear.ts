/**
 * y [rows,N] = x [rows,K] W + b over packed panels of any type, with what MobileBERT puts behind a
 * product. Rows of x are `w.inputStride` bytes apart, rows of y are padded to whole panels.
 * `reuseQuantized`: x is what the product before read, in one block of rows (product.ts).
 */
import { Activation, NormKind } from '../abi';
import { f32Activation } from '../kernels/activation';
import { Epilogue } from '../kernels/tile';
import { Linear, Norm, Pass } from '../memory/layout';
import { roundUp8 } from '../simd/units';
import { layerNorm } from './norm';
import { product, RESIDUAL_NORM } from './product';

/** y = x W + b */
export function linear(
  pass: Pass,
  w: Linear,
  y: usize,
  x: usize,
  rows: i32,
  reuseQuantized: bool,
): void {
  product.run(Epilogue.None, pass, w, y, x, rows, 0, 0, 0, reuseQuantized);
}

/** y = activation(x W + b) */
export function linearActivation(
  pass: Pass,
  w: Linear,
  y: usize,
  x: usize,
  rows: i32,
  activation: Activation,
): void {
  if (activation == Activation.Relu) {
    product.run(Epilogue.Relu, pass, w, y, x, rows, 0, 0, 0);
  } else {
    linear(pass, w, y, x, rows, false);
    f32Activation(y, rows * roundUp8(w.outputs), activation);
  }
}

/** y = x W + b + residual; `residual` has y's shape and may be y. */
export function linearResidual(
  pass: Pass,
  w: Linear,
  y: usize,
  x: usize,
  rows: i32,
  residual: usize,
): void {
  product.run(Epilogue.Residual, pass, w, y, x, rows, residual, 0, 0);
}

/** y = norm(x W + b) */
export function linearNorm(
  pass: Pass,
  w: Linear,
  n: Norm,
  y: usize,
  x: usize,
  rows: i32,
  reuseQuantized: bool,
): void {
  if (n.kind == NormKind.NoNorm) {
    product.run(Epilogue.ScaleShift, pass, w, y, x, rows, 0, n.scale, n.shift, reuseQuantized);
  } else {
    linear(pass, w, y, x, rows, reuseQuantized);
    layerNorm(y, rows, n);
  }
}

/** y = norm(x W + b + residual); `residual` has y's shape and may be y. */
export function linearResidualNorm(
  pass: Pass,
  w: Linear,
  n: Norm,
  y: usize,
  x: usize,
  rows: i32,
  residual: usize,
): void {
  if (n.kind == NormKind.NoNorm) {
    product.run(RESIDUAL_NORM, pass, w, y, x, rows, residual, n.scale, n.shift);
  } else {
    linearResidual(pass, w, y, x, rows, residual);
    layerNorm(y, rows, n);
  }
}
