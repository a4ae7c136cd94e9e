/**
 * y [M,N] = x [M,K] W + b over packed panels, with what MobileBERT puts behind a product. Rows are
 * padded to whole panels; `xBytes` is the stride of x, y's follows from N.
 */
import { Activation, NormKind } from '../abi';
import { f32Activation } from '../kernels/f32-activation';
import {
  f32GemmNr8,
  f32GemmReluNr8,
  f32GemmResidualNr8,
  f32GemmResidualScaleShiftNr8,
  f32GemmScaleShiftNr8,
} from '../kernels/f32-gemm-nr8';
import { Linear, Norm, panelBytes, roundUp8, rowBytes } from '../memory/layout';
import { layerNorm } from './norm';

/**
 * Rows that all panels pass over before the next rows come: their inputs stay in L2 (64 rows x 512
 * x 4 bytes = 128 KB) while the panels stream through L1.
 */
const ROW_BLOCK: i32 = 64;

const enum Behind {
  Nothing,
  Relu,
  Residual,
  Norm,
  ResidualNorm,
}

/** y = x W + b */
export function linear(y: usize, x: usize, xBytes: usize, rows: i32, w: Linear): void {
  product.run(Behind.Nothing, y, x, xBytes, rows, w, 0, 0, 0);
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
    linear(y, x, xBytes, rows, w);
    f32Activation(y, rows * roundUp8(w.outputs), activation);
  }
}

/** y = norm(x W + b) */
export function linearNorm(y: usize, x: usize, xBytes: usize, rows: i32, w: Linear, n: Norm): void {
  if (n.kind == NormKind.NoNorm) {
    product.run(Behind.Norm, y, x, xBytes, rows, w, 0, n.scale, n.shift);
  } else {
    linear(y, x, xBytes, rows, w);
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
    product.run(Behind.Residual, y, x, xBytes, rows, w, residual, 0, 0);
    layerNorm(y, rows, n);
  }
}

abstract class product {
  /** Blocks of rows outside, panels inside; `behind` is a literal, one kernel remains per caller. */
  // biome-ignore format: one kernel a line
  @inline static run(
    behind: Behind, y: usize, x: usize, xBytes: usize, rows: i32, w: Linear, residual: usize,
    scale: usize, shift: usize,
  ): void {
    const yBytes = rowBytes(w.outputs);
    const depth = w.inputs;
    const step = panelBytes(depth);
    for (; rows > 0; rows -= ROW_BLOCK) {
      const block = min(rows, ROW_BLOCK);
      let panel = w.panels;
      for (let n: usize = 0; n < yBytes; n += 32) {
        if (behind == Behind.Nothing) f32GemmNr8(y + n, yBytes, x, xBytes, panel, block, depth);
        if (behind == Behind.Relu) f32GemmReluNr8(y + n, yBytes, x, xBytes, panel, block, depth);
        if (behind == Behind.Residual) f32GemmResidualNr8(y + n, yBytes, x, xBytes, panel, block, depth, residual + n);
        if (behind == Behind.Norm) f32GemmScaleShiftNr8(y + n, yBytes, x, xBytes, panel, block, depth, scale + n, shift + n);
        if (behind == Behind.ResidualNorm) f32GemmResidualScaleShiftNr8(y + n, yBytes, x, xBytes, panel, block, depth, residual + n, scale + n, shift + n);
        panel += step;
      }
      x += <usize>block * xBytes;
      y += <usize>block * yBytes;
      residual += <usize>block * yBytes;
    }
  }
}
