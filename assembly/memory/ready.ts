/**
 * What products of small weights want beside the weights: made where a layer is first used, and taken back
 * where the host or a checkpoint comes to the weights, which find them as they were stored.
 */
import { Kind } from '../abi';
import { q8Starts } from '../kernels/q8-panel';
import { q8IsOffset } from '../kernels/q8-rows';
import { Linear, NR, f32s, weightPanelBytes } from './layout';

/** Before a product: what sums start from, and outputs times what the next layer wants them by. */
export function ready(l: Linear): void {
  if (l.isReady) return;
  if (q8IsOffset(l.rowForm)) {
    for (let n = 0; n < l.outputs; n += NR) q8Starts(l.starts + f32s(n), panelOf(l, n), l.inputs);
  }
  scaleOutputs(l, false);
  l.isReady = true;
}

/** Before weights or factors are read or written. */
export function unready(l: Linear): void {
  if (l.isReady) scaleOutputs(l, true);
  l.isReady = false;
  const before = l.before;
  if (before) unready(before);
}

/** Biases and scales by powers of two, which ReLU lets through: no digit changes, there or back. */
function scaleOutputs(l: Linear, back: bool): void {
  if (!l.outputFactors) return;
  for (let n = 0; n < l.outputs; n++) {
    const factor = load<f32>(l.outputFactors + f32s(n));
    if (!factor) continue; // the next layer's weights have not come
    const by = back ? <f32>1 / factor : factor;
    const bias = panelOf(l, n) + f32s(n & 7);
    store<f32>(bias, load<f32>(bias) * by);
    store<f32>(bias, load<f32>(bias, 32) * by, 32);
  }
}

/** The panel that column n lies in. */
function panelOf(l: Linear, n: i32): usize {
  return l.panels + <usize>(n >> 3) * weightPanelBytes(Kind.Q8, l.inputs);
}
