/**
 * Every kernel and op under its own name, with memory to try it on: for tests and benches only.
 * Compiled for each build as build/testing/testing.<build>.wasm.
 */
import { WeightType } from './abi';
import { OUTLYING_ROWS_BYTES } from './kernels/outlying-rows';
import { q8PanelBytes, q16PanelBytes } from './kernels/panels-int';
import { IDLE_PREFETCH } from './kernels/prefetch';
import { Pass } from './memory/layout';
import { createPass } from './memory/pass';
import { blockAt } from './memory/weights';
import { attend } from './model/attend';
import { block, finish, project } from './model/block';
import { allocate as reserveBytes, commit, openRegion } from './memory/region';
import { attention } from './ops/attention';
import { lanes } from './simd/lanes';
import { math } from './simd/math';
import { f32PanelBytes, f32s, i16RowBytes, panels, rowBytes } from './simd/units';

export * from './index';
export { mark, release } from './memory/region';
export { f32Activation } from './kernels/activation';
export {
  bf16FromF32,
  f16FromF32,
  f32FromBf16,
  f32FromF16,
  f32FromF64,
  f32FromI8,
  f32RoundTo24,
} from './kernels/convert';
export { f32ColumnMeans, f32CrossProducts, f32CrossScratchBytes } from './kernels/cross-products';
export {
  f32GemmNr8,
  f32GemmReluNr8,
  f32GemmResidualNr8,
  f32GemmResidualScaleShiftNr8,
  f32GemmRowScaleNr8,
  f32GemmScaleShiftNr8,
} from './kernels/gemm-f32';
export {
  q8GemmNr8,
  q8GemmReluNr8,
  q8GemmResidualNr8,
  q8GemmResidualScaleShiftNr8,
  q8GemmScaleShiftNr8,
  q16GemmNr8,
} from './kernels/gemm-int';
export { f32LayerNormRow } from './kernels/layernorm';
export { f32PackColumns, f32PackRows, f32UnpackColumns, f32UnpackRows } from './kernels/pack-f32';
export {
  q8PackColumns,
  q8PanelBytes,
  q8ScratchBytes,
  q8Starts,
  q16PackColumns,
  q16PackRows,
  q16PanelBytes,
} from './kernels/panels-int';
export { prefetchTo } from './kernels/prefetch';
export {
  f32ColumnRanges,
  f32MagnitudeRange,
  f32QuantizeRow,
  f32RoundRow,
  f32RowRange,
} from './kernels/quantize';
export { f32AddOutlyingRows, f32OutlyingRows } from './kernels/outlying-rows';
export { f32Add, f32AddScaled, f32Multiply, f32Scale, f32ScaleShift } from './kernels/rows';
export { q8IsCoarse, q8QuantizeRow } from './kernels/rows-int';
export { f32SoftmaxRow } from './kernels/softmax';

/** A Prefetch that reads nothing. */
export function idlePrefetch(): usize {
  return IDLE_PREFETCH;
}

export { linear, linearActivation, linearNorm, linearResidualNorm } from './ops/linear';
export { norm } from './ops/norm';
export { copyRows, gatherRows } from './ops/rows';

const enum Function {
  Exp,
  Exp2OfNonPositive,
  Tanh,
  Erf,
  Sigmoid,
}

/** x [count] -> function(x) in place, `count` a multiple of 4: simd/math.ts for its tests. */
export function mathOf(which: i32, x: usize, count: i32): void {
  const end = x + ((<usize>count) << 2);
  for (let p = x; p < end; p += 16) {
    const v = v128.load(p);
    if (which == Function.Exp) v128.store(p, math.exp(v));
    else if (which == Function.Exp2OfNonPositive) v128.store(p, math.exp2OfNonPositive(v));
    else if (which == Function.Tanh) v128.store(p, math.tanh(v));
    else if (which == Function.Erf) v128.store(p, math.erf(v));
    else v128.store(p, math.sigmoid(v));
  }
}

/** `bytes` of memory, there at once. */
export function allocate(bytes: usize): usize {
  openRegion();
  const address = reserveBytes(bytes);
  commit();
  return address;
}

/** A pass with nothing planned: enough for products in f32. */
export function emptyPass(): Pass {
  return createPass();
}

/**
 * ops/attention.ts in f32 (`kind` 0), in i16 (1), or with values in bytes (2), in a pass of its
 * own, allocated behind everything else.
 */
export function attentionAlone(
  context: usize,
  contextStride: usize,
  query: usize,
  key: usize,
  value: usize,
  mask: usize,
  S: i32,
  T: i32,
  heads: i32,
  probabilities: usize,
  scoreRows: i32,
  kind: i32,
): void {
  const isInteger = kind > 0;
  const D = T / heads;
  const pass = createPass();
  pass.config.bottleneck = T;
  pass.config.heads = heads;
  pass.config.weightType = isInteger ? WeightType.Q8 : WeightType.F32;
  pass.config.rowBits = kind == 2 ? 8 : 16;
  pass.activations.contextStride = contextStride;
  const s = pass.scratch;
  const keyBytes = isInteger ? q16PanelBytes(D) : f32PanelBytes(D);
  const valueBytes = isInteger ? max(q16PanelBytes(S), q8PanelBytes(S)) : f32PanelBytes(S);
  s.keyPanels = allocate(panels(S) * keyBytes);
  s.valuePanels = allocate(panels(D) * valueBytes);
  s.quantized = isInteger ? allocate(<usize>scoreRows * i16RowBytes(max(S, D))) : 0;
  s.rowScales = allocate(f32s(scoreRows));
  s.headRow = allocate(i16RowBytes(D));
  s.outlyingValues = allocate(OUTLYING_ROWS_BYTES);
  s.scoreRows = scoreRows;
  s.scores = allocate(<usize>scoreRows * rowBytes(S));
  s.inverseSums = allocate(f32s(scoreRows));
  attention(pass, context, query, key, value, mask, S, S, probabilities);
}

/** Horizontal sum of the first vector at x. */
export function lanesSum(x: usize): f32 {
  return lanes.sum(v128.load(x));
}

/** Largest lane of the first vector at x. */
export function lanesMax(x: usize): f32 {
  return lanes.max(v128.load(x));
}

/**
 * Multiply-adds and nothing else: `turns` x 10 accumulators x 4 lanes x 2 flops, with all registers
 * that V8 has. The machine's ceiling, which benches hold their kernels against. Factors are read
 * from `factors` [32] in L1: constants would be made anew in the loop, or their products leave it.
 */
// biome-ignore format: accumulators and factors side by side
export function peakMadd(turns: i32, factors: usize): f32 {
  let c0 = f32x4.splat(0), c1 = c0, c2 = c0, c3 = c0, c4 = c0;
  let c5 = c0, c6 = c0, c7 = c0, c8 = c0, c9 = c0;
  for (let i = 0; i < turns; i++) {
    const f = factors + (<usize>(i & 1) << 6);
    const x = v128.load(f), y = v128.load(f, 16), z = v128.load(f, 32), w = v128.load(f, 48);
    c0 = lanes.madd(x, x, c0);
    c1 = lanes.madd(x, y, c1);
    c2 = lanes.madd(x, z, c2);
    c3 = lanes.madd(x, w, c3);
    c4 = lanes.madd(y, y, c4);
    c5 = lanes.madd(y, z, c5);
    c6 = lanes.madd(y, w, c6);
    c7 = lanes.madd(z, z, c7);
    c8 = lanes.madd(z, w, c8);
    c9 = lanes.madd(w, w, c9);
  }
  const s0 = f32x4.add(f32x4.add(c0, c1), f32x4.add(c2, c3));
  const s1 = f32x4.add(f32x4.add(c4, c5), f32x4.add(c6, c7));
  return lanes.sum(f32x4.add(f32x4.add(s0, s1), f32x4.add(c8, c9)));
}

/** The same for integer sums: `turns` x 10 accumulators x 4 lanes of `lanes.dot`. */
// biome-ignore format: accumulators and factors side by side
export function peakDot(turns: i32, factors: usize): i32 {
  let c0 = i32x4.splat(0), c1 = c0, c2 = c0, c3 = c0, c4 = c0;
  let c5 = c0, c6 = c0, c7 = c0, c8 = c0, c9 = c0;
  for (let i = 0; i < turns; i++) {
    const f = factors + (<usize>(i & 1) << 6);
    const x = v128.load(f), y = v128.load(f, 16), z = v128.load(f, 32), w = v128.load(f, 48);
    c0 = lanes.dot(x, x, c0);
    c1 = lanes.dot(x, y, c1);
    c2 = lanes.dot(x, z, c2);
    c3 = lanes.dot(x, w, c3);
    c4 = lanes.dot(y, y, c4);
    c5 = lanes.dot(y, z, c5);
    c6 = lanes.dot(y, w, c6);
    c7 = lanes.dot(z, z, c7);
    c8 = lanes.dot(z, w, c8);
    c9 = lanes.dot(w, w, c9);
  }
  const s0 = i32x4.add(i32x4.add(c0, c1), i32x4.add(c2, c3));
  const s1 = i32x4.add(i32x4.add(c4, c5), i32x4.add(c6, c7));
  return i32x4.extract_lane(i32x4.add(i32x4.add(s0, s1), i32x4.add(c8, c9)), 0);
}

/** Integer xors, `turns` x 8 chains: falls when the machine has a slow spell (docs/kernels.md). */
export function peakXor(turns: i32): i32 {
  let a = 1,
    b = 2,
    c = 3,
    d = 4,
    e = 5,
    f = 6,
    g = 7,
    h = 8;
  for (let i = 0; i < turns; i++) {
    a ^= i;
    b ^= a;
    c ^= i;
    d ^= c;
    e ^= i;
    f ^= e;
    g ^= i;
    h ^= g;
  }
  return a ^ b ^ c ^ d ^ e ^ f ^ g ^ h;
}

/**
 * One block over the chunk that `forward` left, in ranges of `rows` rows: every phase over one
 * range after the other, as threads would share them.
 */
export function blockInRanges(pass: Pass, layer: i32, rows: i32): void {
  const R = pass.chunk.rows;
  const b = blockAt(pass.weights, layer);
  for (let first = 0; first < R; first += rows)
    project(pass, layer, first, min(first + rows, R), true);
  for (let first = 0; first < R; first += rows)
    attend(pass, layer, first, min(first + rows, R), false);
  for (let first = 0; first < R; first += rows) finish(pass, b, first, min(first + rows, R));
}

/** One block over the whole chunk. */
export function wholeBlock(pass: Pass, layer: i32): void {
  block(pass, layer);
}

/** The hidden state [R,H] that `blockInRanges` and `block` change in place. */
export function hiddenAddress(pass: Pass): usize {
  return pass.activations.hidden;
}
