/**
 * y [rows,N] = x [rows,K] W + b over packed panels of any type, with what MobileBERT puts behind a
 * product. Rows of x are `w.inputStride` bytes apart, rows of y are padded to whole panels.
 * `reuseQuantized`: x is what the product before read, in one block of rows (product.ts). Inputs whose
 * weights are kept in f32 are multiplied first, and are a part of the residual then.
 */
import { Activation, NormKind } from '../abi';
import { f32Activation } from '../kernels/activation';
import { Epilogue } from '../kernels/tile';
import { f32AddScaled, f32Scale } from '../kernels/rows';
import { Linear, Norm, outlierColumnBytes, Pass } from '../memory/layout';
import { QUANTIZED } from '../simd/build';
import { f32s, roundUp8, rowBytes } from '../simd/units';
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
  if (QUANTIZED && w.outlierCount) residualProduct(pass, w, y, x, rows, 0, reuseQuantized);
  else product.run(Epilogue.None, pass, w, y, x, rows, 0, 0, 0, reuseQuantized);
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
  if (activation == Activation.Relu && !(QUANTIZED && w.outlierCount)) {
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
  residualProduct(pass, w, y, x, rows, residual, false);
}

/** The same; `residual` may also be 0 where `w` has outliers. */
function residualProduct(
  pass: Pass,
  w: Linear,
  y: usize,
  x: usize,
  rows: i32,
  residual: usize,
  reuseQuantized: bool,
): void {
  if (QUANTIZED && w.outlierCount) residual = outlyingInputs(w, y, x, rows, residual);
  product.run(Epilogue.Residual, pass, w, y, x, rows, residual, 0, 0, reuseQuantized);
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
  if (n.kind != NormKind.NoNorm) {
    linear(pass, w, y, x, rows, reuseQuantized);
    layerNorm(y, rows, n);
  } else if (QUANTIZED && w.outlierCount) {
    residualNormProduct(pass, w, n, y, x, rows, 0, reuseQuantized);
  } else {
    product.run(Epilogue.ScaleShift, pass, w, y, x, rows, 0, n.scale, n.shift, reuseQuantized);
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
    residualNormProduct(pass, w, n, y, x, rows, residual, false);
  } else {
    linearResidual(pass, w, y, x, rows, residual);
    layerNorm(y, rows, n);
  }
}

/** The same with NoNorm; `residual` may also be 0 where `w` has outliers. */
function residualNormProduct(
  pass: Pass,
  w: Linear,
  n: Norm,
  y: usize,
  x: usize,
  rows: i32,
  residual: usize,
  reuseQuantized: bool,
): void {
  if (QUANTIZED && w.outlierCount) residual = outlyingInputs(w, y, x, rows, residual);
  product.run(RESIDUAL_NORM, pass, w, y, x, rows, residual, n.scale, n.shift, reuseQuantized);
}

/** y = x W of the inputs whose weights are kept in f32 + residual, 0: none. Returns y. */
function outlyingInputs(w: Linear, y: usize, x: usize, rows: i32, residual: usize): usize {
  const columns = roundUp8(w.outputs);
  const step = outlierColumnBytes(w);
  const end = w.outliers + <usize>w.outlierCount * step;
  let to = y;
  for (; rows > 0; rows--) {
    let from = residual;
    for (let outlier = w.outliers; outlier < end; outlier += step) {
      const factor = load<f32>(x + f32s(load<i32>(outlier)));
      if (from) f32AddScaled(to, from, outlier + 16, factor, columns);
      else f32Scale(to, outlier + 16, factor, columns);
      from = to;
    }
    to += rowBytes(w.outputs);
    x += w.inputStride;
    if (residual) residual += rowBytes(w.outputs);
  }
  return y;
}
