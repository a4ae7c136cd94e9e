/**
 * The ABI of the build for calibration: index.ts for an f32 model, and block after block over given
 * rows of two models (ops/observe.ts), with the sums that weights are fitted by. The module imports
 * `observe`.
 *
 *   createPass() -> configAddress() -> allocateWeights() -> storageAddress() -> copy -> seal()
 *   -> reserve(2B, 2M) -> openCalibration() -> fill in lengths, mask and hidden rows
 *   -> runBlock() -> the host's observe() -> inputSums(), errorSums() -> read
 */
import { Slot } from './abi';
import { f32ColumnMeans, f32CrossProducts, f32CrossScratchBytes } from './kernels/cross-products';
import { Calibration, Linear, Pass } from './memory/layout';
import { allocate, commit, zeroed } from './memory/region';
import { linearOf } from './memory/slots';
import { longestDepth, widestOutput } from './memory/weights';
import { block } from './model/block';
import { linear, linearResidual } from './ops/linear';
import { f32PanelBytes, f32s, panels, rowBytes } from './simd/units';

export * from './index';

/** Where the host reads and writes. */
const enum Sums {
  /** f32 [K,K] of a layer's inputs. */
  Inputs = 0,
  /** f32 [K,N] of inputs by errors. */
  Cross = 1,
  /** f32 [K] */
  InputMeans = 2,
  /** f32 [N] */
  ErrorMeans = 3,
  /** f32 panels of the rounded weights, to be filled in. */
  Rounded = 4,
  /** f32 [2 rows, H]: the blocks' input and output. */
  Hidden = 5,
}

/** Identity of a layer as `observe` names it; 0 where the model has none. */
export function layerAddress(pass: Pass, slot: Slot, layer: i32, network: i32): usize {
  return changetype<usize>(linearOf(pass, slot, layer, network));
}

/** Room behind the buffers of the reserved request, for layers up to its longest. */
export function openCalibration(pass: Pass): void {
  const c = changetype<Calibration>(zeroed(offsetof<Calibration>() + offsetof<Linear>()));
  const K = longestDepth(pass.config);
  const N = widestOutput(pass.config);
  c.rounded = changetype<Linear>(changetype<usize>(c) + offsetof<Calibration>());
  c.rounded.panels = allocate(<u64>panels(N) * f32PanelBytes(K));
  c.inputs = allocate(<u64>K * rowBytes(K));
  c.cross = allocate(<u64>K * rowBytes(N));
  c.inputMeans = allocate(rowBytes(K));
  c.errorMeans = allocate(rowBytes(N));
  c.errors = allocate(<u64>pass.request.rows * rowBytes(N));
  c.scratch = allocate(f32CrossScratchBytes(max(K, N)));
  commit();
  pass.calibration = c;
}

export function sumsAddress(pass: Pass, which: Sums): usize {
  const c = pass.calibration!;
  if (which == Sums.Inputs) return c.inputs;
  if (which == Sums.Cross) return c.cross;
  if (which == Sums.InputMeans) return c.inputMeans;
  if (which == Sums.ErrorMeans) return c.errorMeans;
  return which == Sums.Rounded ? c.rounded.panels : pass.activations.hidden;
}

/** Hidden [2 rows, H] of both models through one block; the host observes every product's rows. */
export function runBlock(pass: Pass, layer: i32): void {
  const r = pass.request;
  const c = pass.chunk;
  c.sequences = r.sequences;
  c.rows = r.rows;
  c.lengths = pass.buffers.lengths;
  c.mask = pass.buffers.attentionMask;
  c.firstRow = 0;
  c.firstScore = 0;
  c.queries = r.rows;
  c.firstQuery = 0;
  c.selection = 0;
  block(pass, layer);
}

/**
 * Gathers the first hidden row of every text, of both models: what the pooler reads. Returns their
 * address.
 */
export function firstRows(pass: Pass): usize {
  const a = pass.activations;
  const H = rowBytes(pass.config.hidden);
  let hidden = a.hidden;
  for (let i = 0; i < pass.request.sequences; i++) {
    memory.copy(a.firstRows + <usize>i * H, hidden, H);
    hidden += <usize>load<i32>(pass.buffers.lengths + f32s(i)) * H;
  }
  return a.firstRows;
}

/** Sums of the second half of x [2 rows, K] by itself, and its means. */
export function inputSums(pass: Pass, layer: Linear, x: usize, rows: i32): void {
  const c = pass.calibration!;
  const K = layer.inputs;
  const xBytes = layer.inputStride;
  const from = x + <usize>rows * xBytes;
  const m = c.inputMeans;
  f32ColumnMeans(m, from, xBytes, rows, K, c.scratch);
  f32CrossProducts(c.inputs, rowBytes(K), from, xBytes, m, K, from, xBytes, m, K, rows, c.scratch);
}

/**
 * Sums of the second half of x by what a layer with exact weights misses there: errors [rows, N]
 * are what the first half gives, residual included, less what the second does. Means of x are those
 * of `inputSums`.
 */
export function errorSums(pass: Pass, layer: Linear, x: usize, rows: i32, residual: usize): void {
  const c = pass.calibration!;
  const xBytes = layer.inputStride;
  const yBytes = rowBytes(layer.outputs);
  const from = x + <usize>rows * xBytes;
  if (residual) linearResidual(pass, layer, c.errors, x, 2 * rows, residual);
  else linear(pass, layer, c.errors, x, 2 * rows, false);
  subtract(c.errors, c.errors + <usize>rows * yBytes, <usize>rows * yBytes);
  f32ColumnMeans(c.inputMeans, from, xBytes, rows, layer.inputs, c.scratch);
  f32ColumnMeans(c.errorMeans, c.errors, yBytes, rows, layer.outputs, c.scratch);
  // biome-ignore format: a matrix a line
  f32CrossProducts(
    c.cross, yBytes,
    from, xBytes, c.inputMeans, layer.inputs,
    c.errors, yBytes, c.errorMeans, layer.outputs,
    rows, c.scratch,
  );
}

function subtract(a: usize, b: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += 16) {
    v128.store(a + i, f32x4.sub(v128.load(a + i), v128.load(b + i)));
  }
}
