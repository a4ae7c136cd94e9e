/**
 * The ABI of the build for calibration: index.ts for a model in f32, and block after block over given rows
 * of two models (ops/tap.ts), with the sums that weights are fitted by. The module imports `show`.
 *
 *   configAddress() -> allocateWeights() -> homeAddress() -> copy -> reserve(2B, 2M) -> openCalibration()
 *   -> fill in lengths, mask and hidden rows -> runBlock() -> the host's show() -> inputSums(), errorSums() -> read
 */
import { Slot } from './abi';
import {
  f32ColumnMeans,
  f32CrossProducts,
  f32CrossScratchBytes,
} from './kernels/f32-cross-products';
import { Chunk, Linear, NR, f32s, panelBytes, roundUp8, rowBytes } from './memory/layout';
import { blockAt, config, longestDepth } from './memory/plan';
import { allocate, commit } from './memory/region';
import { activations, plannedRows, plannedSequences } from './memory/request';
import { linearOf } from './memory/slots';
import { block } from './model/block';
import { linear, linearResidual } from './ops/linear';
import { twin } from './ops/tap';

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
  Twin = 4,
  /** f32 [2 rows, H]: the blocks' input and output. */
  Hidden = 5,
}

const chunk: Chunk = changetype<Chunk>(memory.data(offsetof<Chunk>(), 16));
let products: usize = 0;
let crossed: usize = 0;
let inputMeans: usize = 0;
let errorMeans: usize = 0;
let errors: usize = 0;
let scratch: usize = 0;

/** Identity of a layer as `show` names it; 0 where the model has none. */
export function layerAddress(slot: Slot, layer: i32, network: i32): usize {
  return changetype<usize>(linearOf(slot, layer, network));
}

/** Room behind the buffers of the reserved request, for layers up to its longest. */
export function openCalibration(): void {
  const K = longestDepth();
  const N = max(max(config.hidden, config.intermediate), config.bottleneck);
  twin().panels = allocate(<u64>(roundUp8(N) / NR) * panelBytes(K));
  products = allocate(<u64>K * rowBytes(K));
  crossed = allocate(<u64>K * rowBytes(N));
  inputMeans = allocate(rowBytes(K));
  errorMeans = allocate(rowBytes(N));
  errors = allocate(<u64>plannedRows * rowBytes(N));
  scratch = allocate(f32CrossScratchBytes(max(K, N)));
  commit();
}

export function sumsAddress(which: Sums): usize {
  if (which == Sums.Inputs) return products;
  if (which == Sums.Cross) return crossed;
  if (which == Sums.InputMeans) return inputMeans;
  if (which == Sums.ErrorMeans) return errorMeans;
  return which == Sums.Twin ? twin().panels : activations.hidden;
}

/** Hidden [2 rows, H] of both models through one block; the host is shown every product's rows. */
export function runBlock(layer: i32): void {
  chunk.sequences = plannedSequences;
  chunk.rows = plannedRows;
  chunk.lengths = activations.lengths;
  chunk.mask = activations.attentionMask;
  chunk.firstRow = 0;
  chunk.firstRead = 0;
  chunk.read = plannedRows;
  chunk.selected = 0;
  block(blockAt(layer), activations.hidden, chunk, false, 0);
}

/** Gathers the first hidden row of every text, of both models: what the pooler reads. Returns their address. */
export function firstRows(): usize {
  const H = rowBytes(config.hidden);
  let hidden = activations.hidden;
  for (let i = 0; i < plannedSequences; i++) {
    memory.copy(activations.firstRows + <usize>i * H, hidden, H);
    hidden += <usize>load<i32>(activations.lengths + f32s(i)) * H;
  }
  return activations.firstRows;
}

/** Sums of the second half of x [2 rows, K] by itself, and its means. */
export function inputSums(layer: usize, x: usize, xBytes: usize, rows: i32): void {
  const K = changetype<Linear>(layer).inputs;
  const from = x + <usize>rows * xBytes;
  f32ColumnMeans(inputMeans, from, xBytes, rows, K, scratch);
  const m = inputMeans;
  const to = products;
  f32CrossProducts(to, rowBytes(K), from, xBytes, m, K, from, xBytes, m, K, rows, scratch);
}

/**
 * Sums of the second half of x by what a layer with exact weights misses there: errors [rows, N] are what
 * the first half gives, residual included, less what the second does. Means of x are those of `inputSums`.
 */
// biome-ignore format: a matrix a line
export function errorSums(
  layer: usize, x: usize, xBytes: usize, rows: i32, residual: usize,
): void {
  const w = changetype<Linear>(layer);
  const yBytes = rowBytes(w.outputs);
  const from = x + <usize>rows * xBytes;
  if (residual) linearResidual(errors, x, xBytes, 2 * rows, w, residual);
  else linear(errors, x, xBytes, 2 * rows, w, false);
  subtract(errors, errors + <usize>rows * yBytes, <usize>rows * yBytes);
  f32ColumnMeans(inputMeans, from, xBytes, rows, w.inputs, scratch);
  f32ColumnMeans(errorMeans, errors, yBytes, rows, w.outputs, scratch);
  f32CrossProducts(
    crossed, yBytes, from, xBytes, inputMeans, w.inputs, errors, yBytes, errorMeans, w.outputs, rows,
    scratch,
  );
}

function subtract(a: usize, b: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += 16) {
    v128.store(a + i, f32x4.sub(v128.load(a + i), v128.load(b + i)));
  }
}
