/**
 * What lies in linear memory, as types. Every field is an address or an extent; shapes stand beside
 * it.
 *
 * Legend: B batch, S sequence length, M rows of a request (the sum of its lengths), R rows of a
 * chunk, Q queries (the rows of a chunk that are computed to the end), V vocabulary, L layers, E
 * embedding, H hidden, T bottleneck ("true hidden"), F intermediate, A heads, D head size (T / A),
 * C labels; of a product: rows, K inputs, N outputs.
 *
 *   0           heap base                                                             memory end
 *   |-----------|--------|------------------------|------------|--------------------------|
 *   | constants | Region | Pass and its records,  | parameters | arena: the request's     |
 *   |           |        | factors, starts        | of weights | buffers, or staging      |
 *
 * Everything that changes lies in these records. Two instances of a module over one memory share
 * them.
 */
import { Activation, NormKind, WeightType } from '../abi';
import { q8PanelBytes } from '../kernels/panels-int';
import { Prefetch } from '../kernels/prefetch';
import { RowForm } from '../kernels/rows-int';
import { THREADED } from '../simd/build';
import { f32PanelBytes, NR, rowBytes } from '../simd/units';

/**
 * Bytes of one panel of a layer: a row of biases, then weights in 4, 2 or 1 bytes (docs/memory.md).
 */
export function weightPanelBytes(type: WeightType, inputs: i32): usize {
  if (type == WeightType.Q8) return q8PanelBytes(inputs);
  if (type == WeightType.F32) return f32PanelBytes(inputs);
  return (<usize>(inputs + 2)) << 4; // biases are f32
}

/**
 * Stands where a record is filled in before it is read. Records are never made by `new`, so this
 * never runs; a field with `!` instead would be tested for null at every access (2 KB of the
 * module).
 */
function later<T>(): T {
  return changetype<T>(0);
}

/** All that a pass works on: the first argument of everything in model/ and ops/. */
@unmanaged
export class Pass {
  config: Config = later<Config>();
  weights: Weights = later<Weights>();
  request: Request = later<Request>();
  buffers: Buffers = later<Buffers>();
  activations: Activations = later<Activations>();
  chunk: Chunk = later<Chunk>();
  scratch: Scratch = later<Scratch>();
  staging: Staging = later<Staging>();
  /** Of builds with threads; null elsewhere. */
  team: Team = later<Team>();
  /** Number of the member that this pass belongs to; 0 is the one that the host calls. */
  rank!: i32;
  /** How many calls of the first member this one has answered. */
  callsSeen!: i32;
  /** Whether members share the columns of products, not their rows. */
  isColumnwise!: i32;
  /** Of the build for calibration alone; null elsewhere. */
  calibration!: Calibration | null;
}

/**
 * Threads that run one pass together (threads/team.ts). Each member has a Pass with its own chunk
 * and scratch; all other records are those of the first member.
 */
@unmanaged
export class Team {
  /** Members, the one that the host calls included. */
  size!: i32;
  /** Milliseconds after which a member that waits for another one takes it for dead. */
  patience!: i32;
  /** Where the Passes of the other members lie (memory/pass.ts: memberPass). */
  members!: usize;
  isDismissed!: i32;
  // Read and written by atomic instructions alone, from here on.
  /** Members that wait at the barrier. */
  arrived!: i32;
  /** Members that may be asleep. */
  sleepers!: i32;
  /** A member trapped or did not come. */
  broken!: i32;
  /** Barriers that all members have passed. */
  passed!: i32;
  /** Calls of the first member. */
  calls!: i32;
}

/** The dimensions, written by the host before `allocateWeights`: 4 bytes a field, in this order. */
@unmanaged
export class Config {
  vocabulary!: i32; // V
  embedding!: i32; // E
  hidden!: i32; // H
  layers!: i32; // L
  heads!: i32; // A
  intermediate!: i32; // F
  bottleneck!: i32; // T; H where there is no bottleneck
  positions!: i32; // rows of the position table
  types!: i32; // rows of the token type table
  /** Feed-forward networks of a block, its own intermediate and output layers included. */
  feedForwards!: i32;
  trigram!: i32;
  useBottleneck!: i32;
  /** Query, key and value all read the input bottleneck. */
  bottleneckAttention!: i32;
  /** Query and key read a bottleneck of their own. */
  sharedBottleneck!: i32;
  activation!: Activation;
  norm!: NormKind;
  epsilon!: f32;
  /** The pooler has a dense layer; without one it is the first row. */
  poolerDense!: i32;
  sequenceLabels!: i32; // C of the head on the pooled row, 0: none
  tokenLabels!: i32; // C of the head on every row, 0: none
  languageModel!: i32;
  weightType!: WeightType;
  /** q8: bits of quantised rows, 16 or 8. */
  rowBits!: i32;
}

// ---- weights ----

/** y = x W + b, packed in panels (kernels/gemm-f32.ts, kernels/panels-int.ts). */
@unmanaged
export class Linear {
  inputs!: i32; // K
  outputs!: i32; // N
  inputStride!: usize; // bytes from one row of x to the next
  panels!: usize;
  weightType!: WeightType;
  /** q8: how finely rows of x are quantised. */
  rowForm!: RowForm;
  /**
   * q8: what inputs are multiplied by before they are quantised [K], padded with zeros; 0: nothing.
   */
  factors!: usize;
  /**
   * q8: the next of the layers that read the same rows by the same factors, in a ring; null: none.
   */
  sharesFactors!: Linear | null;
  /**
   * q8: the layer whose outputs are x, where it multiplies them by this layer's factors behind
   * ReLU.
   */
  producer!: Linear | null;
  /**
   * q8: factors that this layer multiplies its outputs by, which are those of its reader; 0: none.
   */
  outputFactors!: usize;
  /** q8: what integer sums start from, i32 [N], padded; made by `seal`. */
  starts!: usize;
  /** The layer that was planned before; null: this is the first. */
  previous!: Linear | null;
  /**
   * f16 and q8: inputs whose weights are kept in f32, and are zeros in the panels: for each an i32
   * input and, 16 bytes on, f32 [N] padded; 0: none.
   */
  outliers!: usize;
  outlierCount!: i32;
  /** Inputs that there is room for. */
  outlierRoom!: i32;
}

/** Bytes of one outlying input of a layer. */
export function outlierColumnBytes(l: Linear): usize {
  return 16 + rowBytes(l.outputs);
}

/** Address of the panel that column n lies in. */
export function panelOf(l: Linear, n: i32): usize {
  return l.panels + <usize>(n / NR) * weightPanelBytes(l.weightType, l.inputs);
}

/** NoNorm or LayerNorm over `size` columns. */
@unmanaged
export class Norm {
  kind!: NormKind;
  size!: i32;
  epsilon!: f32;
  scale!: usize; // [size], padded with zeros
  shift!: usize; // [size], padded with zeros
}

/** An embedding table [rows, columns], dense. */
@unmanaged
export class Table {
  rows!: i32;
  columns!: i32;
  data!: usize;
  weightType!: WeightType;
  scales!: usize; // bf16 [rows], q8 only
  /**
   * f16 and q8: numbers that are kept in f32 because they would coarsen their row, or do not fit.
   * Pairs of u32 row * columns + column and f32, ascending; 0: none.
   */
  outliers!: usize;
  outlierCount!: i32;
  /** Pairs that there is room for. */
  outlierRoom!: i32;
}

/** Bytes of one outlier of a table. */
export const OUTLIER_BYTES: usize = 8;

/** T -> F -> T with the residual's norm. */
@unmanaged
export class FeedForward {
  intermediate: Linear = later<Linear>(); // T -> F
  output: Linear = later<Linear>(); // F -> T
  norm: Norm = later<Norm>(); // [T]
}

/**
 * One of the L blocks (transformers' MobileBertLayer). Null where the configuration has no such
 * part.
 */
@unmanaged
export class Block {
  inputBottleneck!: Linear | null; // H -> T
  inputBottleneckNorm!: Norm | null; // [T]
  sharedBottleneck!: Linear | null; // H -> T
  sharedBottleneckNorm!: Norm | null; // [T]
  query: Linear = later<Linear>(); // T -> T
  key: Linear = later<Linear>(); // T -> T
  value: Linear = later<Linear>(); // H -> T, or T -> T under bottleneck attention
  attentionOutput: Linear = later<Linear>(); // T -> T
  attentionOutputNorm: Norm = later<Norm>(); // [T]
  feedForwards!: usize; // FeedForward [feedForwards], addresses
  outputBottleneck!: Linear | null; // T -> H
  outputBottleneckNorm!: Norm | null; // [H]
}

/**
 * The model. Its parameters (panels, tables, norms) lie together from `parameters` on, in the order
 * in which a pass reads them; records, factors and starts lie in front of them.
 */
@unmanaged
export class Weights {
  wordEmbeddings: Table = later<Table>(); // [V,E]
  positionEmbeddings: Table = later<Table>(); // [positions,H]
  tokenTypeEmbeddings: Table = later<Table>(); // [types,H]
  embeddingTransformation: Linear = later<Linear>(); // 3E or E -> H
  embeddingNorm: Norm = later<Norm>(); // [H]
  blocks!: usize; // Block [L], addresses
  pooler!: Linear | null; // H -> H
  sequenceHead!: Linear | null; // H -> C
  tokenHead!: Linear | null; // H -> C
  lmTransform!: Linear | null; // H -> H
  lmTransformNorm!: Norm | null; // [H], always LayerNorm
  /**
   * H -> V: depths 0..E-1 are the tied word embeddings, E..H-1 the dense matrix, bias the LM bias.
   * In q8 E -> V, and `lmDense` is the rest: one has a scale per word, the other a scale per depth.
   */
  lmDecoder!: Linear | null;
  lmDense!: Linear | null; // H-E -> V, q8 only
  /** The layer that was planned last, from which `previous` leads to all others. */
  lastLinear!: Linear | null;
  /** Where records lie, and the next one while they are planned. */
  records!: usize;
  nextRecord!: usize;
  parameters!: usize;
  parameterBytes!: u64;
  /** Whether derived values stand (memory/seal.ts). */
  isSealed!: bool;
}

// ---- one request ----

/** The extents that the arena is planned for; 0 sequences: not planned. */
@unmanaged
export class Request {
  sequences!: i32; // B
  rows!: i32; // M
  /** Rows that are computed past the last block's keys and values, where not all are; 0: all. */
  selected!: i32;
  longest!: i32; // the longest S
  scores!: i32; // sum of S * S, where attentions are asked for
  outputs!: i32; // bits of Output
  chunkRows!: i32; // the most R
  /** Where the arena begins. */
  arena!: usize;
}

/**
 * The host's side, in the order of the enum Buffer: dense rows over all sequences. 0: not asked
 * for.
 */
@unmanaged
export class Buffers {
  lengths!: usize; // i32 [B]
  inputIds!: usize; // i32 [M]
  tokenTypeIds!: usize; // i32 [M]
  positionIds!: usize; // i32 [M]
  attentionMask!: usize; // i32 [M]
  selectedRows!: usize; // i32 [selected]
  inputsEmbeds!: usize; // [M,E]
  lastHiddenState!: usize; // [M,H], or [selected,H]; token and vocabulary logits likewise
  pooled!: usize; // [B,H]
  sequenceLogits!: usize; // [B,C]
  tokenLogits!: usize; // [M,C]
  vocabularyLogits!: usize; // [M,V]
  hiddenStates!: usize; // [L+1,M,H]
  attentions!: usize; // [L][sum of A*S*S]
}

/** Consecutive sequences that go through the model together. */
@unmanaged
export class Chunk {
  sequences!: i32;
  rows!: i32; // R
  lengths!: usize; // i32 [sequences]
  mask!: usize; // i32 [R]
  firstRow!: i32; // of the request
  firstScore!: usize; // sum of S * S of the sequences before
  queries!: i32; // Q: R, or how many of the selected rows are of this chunk
  firstQuery!: i32; // of the request's selected rows
  selection!: usize; // i32 [Q], ascending rows of the request; 0: all
}

/**
 * A chunk's rows on their way through the model, padded to whole panels. Threads of a team share
 * them.
 */
@unmanaged
export class Activations {
  trigram!: usize; // [R,3E]: next, self, previous; or [R,E]
  hidden!: usize; // [R,H]
  layerInput!: usize; // [R,T]
  shared!: usize; // [R,T]
  query!: usize; // [R,T]
  key!: usize; // [R,T]
  value!: usize; // [R,T]
  /** From the keys or values of even layers to those of odd ones; 0: they are the same. */
  oddLayers!: usize;
  context!: usize; // [R,T], `contextStride` apart
  contextStride!: usize;
  attended!: usize; // [R,T]
  inner!: usize; // [R,F]
  transformed!: usize; // [R,H], masked-LM head only
  firstRows!: usize; // [B,H]
  pooledRows!: usize; // [B,H]
}

/**
 * Keys [R,T] of a layer. Members of a team write those of the next layer while others still read
 * this one's, so that a block has one barrier: layers take turns with two places.
 */
export function keysOf(a: Activations, layer: i32): usize {
  return THREADED && layer & 1 ? a.key + a.oddLayers : a.key;
}

/** Values [R,T] of a layer. */
export function valuesOf(a: Activations, layer: i32): usize {
  return THREADED && layer & 1 ? a.value + a.oddLayers : a.value;
}

/** What one thread needs while it computes. */
@unmanaged
export class Scratch {
  prefetch: Prefetch = later<Prefetch>();
  tableRows!: usize; // two rows of a table in f32
  // Of one head of one sequence.
  keyPanels!: usize; // [S/8][bias 8, D x 8]
  valuePanels!: usize; // [D/8][bias 8, S x 8]
  scores!: usize; // [scoreRows, S]
  scoreRows!: i32;
  inverseSums!: usize; // [scoreRows]
  // Of one product with quantised weights.
  quantized!: usize; // [ROW_BLOCK] rows of integers
  /** [3][ROW_BLOCK]: f32 of i16 rows, f32 of their upper bytes; i32 whether 8 bits are too coarse. */
  rowScales!: usize;
  headRow!: usize; // one head's row, i16
  outlyingValues!: usize; // a list of rows (kernels/outlying-rows.ts)
  panel!: usize; // widened: two f16 panels, or one of 8 bits
}

// ---- loading ----

/** Rows of a tensor on their way to a slot, in the arena (memory/store.ts). */
@unmanaged
export class Staging {
  rows!: usize; // as the checkpoint has them
  widened!: usize; // the same numbers in f32
  matrix!: usize; // q8: one weight in f32
  row!: usize; // one row in 8 or 16 bits
  powers!: usize; // q8: f32 [K]
  ranges!: usize; // q8: f32 [K]
  /** The layer whose rows are collected, and how many are there. */
  collecting!: Linear | null;
  collected!: i32;
}

/**
 * Sums over rows of activations, and the rounded weights that are made of them (calibration.ts).
 */
@unmanaged
export class Calibration {
  inputs!: usize; // [K,K]
  cross!: usize; // [K,N]
  inputMeans!: usize; // [K]
  errorMeans!: usize; // [N]
  errors!: usize; // [rows,N]
  scratch!: usize;
  /** The rounded weights of the layer at hand, in f32 panels. */
  rounded: Linear = later<Linear>();
}
