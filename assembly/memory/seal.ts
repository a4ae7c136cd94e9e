/**
 * Derived values that a q8 product needs beside the weights. `seal` makes them once, when weights
 * are loaded; `openWeights` takes them back before weights are read or written as they were stored.
 */
import { WeightType } from '../abi';
import { q8Starts } from '../kernels/panels-int';
import { isOffset } from '../kernels/rows-int';
import { f32s, NR } from '../simd/units';
import { Linear, panelOf, Pass } from './layout';

/** Makes what sums start from, and multiplies outputs by the factors that their reader wants. */
export function seal(pass: Pass): void {
  const w = pass.weights;
  if (w.isSealed) return;
  let l = w.lastLinear;
  while (l != null) {
    if (l.weightType == WeightType.Q8) {
      makeStarts(l);
      scaleOutputs(l, false);
    }
    l = l.previous;
  }
  w.isSealed = true;
}

/** Gives weights back the bits that they were stored with. */
export function openWeights(pass: Pass): void {
  const w = pass.weights;
  if (!w.isSealed) return;
  let l = w.lastLinear;
  while (l != null) {
    scaleOutputs(l, true);
    l = l.previous;
  }
  w.isSealed = false;
}

/** What integer sums start from, where rows carry an offset. */
function makeStarts(l: Linear): void {
  if (!isOffset(l.rowForm)) return;
  for (let n = 0; n < l.outputs; n += NR) q8Starts(l.starts + f32s(n), panelOf(l, n), l.inputs);
}

/**
 * Biases and scales times powers of two, which ReLU lets through: no digit changes, there or back.
 */
function scaleOutputs(l: Linear, back: bool): void {
  if (!l.outputFactors) return;
  for (let n = 0; n < l.outputs; n++) {
    const factor = load<f32>(l.outputFactors + f32s(n));
    if (!factor) continue; // the reader's weights were never stored
    const by = back ? <f32>1 / factor : factor;
    const bias = panelOf(l, n) + f32s(n % NR);
    store<f32>(bias, load<f32>(bias) * by);
    store<f32>(bias, load<f32>(bias, 32) * by, 32);
  }
}
