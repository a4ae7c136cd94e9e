/**
 * What lies in linear memory, as types: every field is an address or an extent, shapes stand beside
 * it. Legend: B batch, S sequence length, M rows (sum of the sequences' lengths), R rows of a chunk,
 * V vocabulary, L layers, E embedding, H hidden, T bottleneck ("true hidden"), F intermediate,
 * A heads, D head size (T / A), C labels. plan.ts is where the addresses are born.
 *
 *   0           heap base                                weights end                       memory end
 *   |-----------|---------|---------|---------------------|-----------------------------------|
 *   | constants | records | tables  | panels and norms    | arena of the current request,     |
 *   |           |         |         | (64-byte aligned)   | or staging while weights load     |
 *
 * Rows of activations are padded with zeros to whole panels of eight floats (`rowBytes`); rows that
 * the host writes or reads are dense.
 */
import { Activation, Kind, NormKind } from '../abi';
import { q8PanelBytes } from '../kernels/q8-panel';
import { RowForm } from '../kernels/q8-rows';

/** Columns of a panel. */
export const NR: i32 = 8;

/** n rounded up to whole panels. */
export function roundUp8(n: i32): i32 {
  return (n + 7) & ~7;
}

/** Bytes of n f32. */
export function f32s(n: i32): usize {
  return (<usize>n) << 2;
}

/** Bytes from one padded row of n f32 to the next. */
export function rowBytes(n: i32): usize {
  return f32s(roundUp8(n));
}

/** Bytes of one row of n i16, padded to whole vectors. */
export function wordBytes(n: i32): usize {
  return (<usize>roundUp8(n)) << 1;
}

/** Bytes of one f32 panel of depth `inputs`, its bias row included. */
export function panelBytes(inputs: i32): usize {
  return (<usize>(inputs + 1)) << 5;
}

/** Bytes of one panel of a linear layer: kernels/f32-gemm-nr8.ts and q8-panel.ts. */
export function weightPanelBytes(kind: Kind, inputs: i32): usize {
  if (kind == Kind.Q8) return q8PanelBytes(inputs);
  return kind == Kind.F32 ? panelBytes(inputs) : 32 + ((<usize>inputs) << 4);
}

/** The dimensions, written by the host before `allocateWeights`; 4 bytes a field, in this order. */
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
  /** The pooler has a dense layer (else it is the first row). */
  poolerDense!: i32;
  sequenceLabels!: i32; // C of the head on the pooled row, 0: none
  tokenLabels!: i32; // C of the head on every row, 0: none
  languageModel!: i32;
  kind!: Kind;
  /** q8: bits of quantised rows, 16 or 8. */
  rowBits!: i32;
}

/** y = x W + b, packed in panels (weightPanelBytes). */
@unmanaged
export class Linear {
  inputs!: i32; // K
  outputs!: i32; // N
  panels!: usize;
  kind!: Kind;
  /** q8: what inputs are multiplied by before they are quantised [K], padded with zeros; 0: nothing. */
  factors!: usize;
  /** q8: the next of the layers that read the same inputs by the same factors, in a ring; null: none. */
  next!: Linear | null;
  /** q8: the layer that multiplies its outputs by these factors, behind ReLU; null: inputs are as they are. */
  before!: Linear | null;
  /** q8: factors of the layer that reads the outputs, where this one multiplies them; 0: nothing. */
  outputFactors!: usize;
  /** q8: how finely inputs are quantised. */
  rowForm!: RowForm;
  /** q8: what sums start from, i32 [N], padded. */
  starts!: usize;
  /** q8: whether starts are there, and outputs multiplied (ready.ts). */
  isReady!: bool;
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

/** Bytes of one number of a table. */
export function tableWidth(kind: Kind): usize {
  if (kind == Kind.Q8) return 1;
  return kind == Kind.F32 ? 4 : 2;
}

/** Dense rows of f32, f16, bf16 or i8. */
@unmanaged
export class Table {
  rows!: i32;
  columns!: i32;
  data!: usize;
  kind!: Kind;
  scales!: usize; // bf16 [rows], q8 only
  row!: usize; // [columns]: where one row is widened, 0 in f32
}

/** T -> F -> T with the residual's norm. */
@unmanaged
export class FeedForward {
  intermediate!: Linear; // T -> F
  output!: Linear; // F -> T
  norm!: Norm; // [T]
}

/** One of the L blocks (transformers' MobileBertLayer). Null where the configuration has no such part. */
@unmanaged
export class Block {
  inputBottleneck!: Linear | null; // H -> T
  inputBottleneckNorm!: Norm | null; // [T]
  sharedBottleneck!: Linear | null; // H -> T
  sharedBottleneckNorm!: Norm | null; // [T]
  query!: Linear; // T -> T
  key!: Linear; // T -> T
  value!: Linear; // H -> T, or T -> T under bottleneck attention
  attentionOutput!: Linear; // T -> T
  attentionOutputNorm!: Norm; // [T]
  feedForwards!: usize; // FeedForward [feedForwards], addresses
  outputBottleneck!: Linear | null; // T -> H
  outputBottleneckNorm!: Norm | null; // [H]
}

@unmanaged
export class Weights {
  wordEmbeddings!: Table; // [V,E]
  positionEmbeddings!: Table; // [positions,H]
  tokenTypeEmbeddings!: Table; // [types,H]
  embeddingTransformation!: Linear; // 3E or E -> H
  embeddingNorm!: Norm; // [H]
  blocks!: usize; // Block [L], addresses
  pooler!: Linear | null; // H -> H
  sequenceHead!: Linear | null; // H -> C
  tokenHead!: Linear | null; // H -> C
  lmTransform!: Linear | null; // H -> H
  lmTransformNorm!: Norm | null; // [H], always LayerNorm
  /**
   * H -> V: depths 0..E-1 are the tied word embeddings, E..H-1 the dense matrix, bias the LM bias. In
   * q8 E -> V, and `lmDense` is the rest: one's scales are per word, the other's per depth.
   */
  lmDecoder!: Linear | null;
  lmDense!: Linear | null; // H-E -> V, q8 only
}

/** Consecutive sequences that go through the model together. */
@unmanaged
export class Chunk {
  sequences!: i32;
  rows!: i32;
  lengths!: usize; // i32 [sequences]
  mask!: usize; // i32 [rows]
  firstRow!: i32; // of the request
  /** Rows that are read past the last block: all of them where none are selected. */
  read!: i32;
  firstRead!: i32; // of the request's rows that are read
  selected!: usize; // i32 [read], ascending rows of the request; 0: all
}

/** Addresses of one request's buffers; rows per chunk where a shape says R. */
@unmanaged
export class Activations {
  // The host's side: dense rows over all sequences.
  lengths!: usize; // i32 [B]
  inputIds!: usize; // i32 [M]
  tokenTypeIds!: usize; // i32 [M]
  positionIds!: usize; // i32 [M]
  attentionMask!: usize; // i32 [M]
  selectedRows!: usize; // i32 [N]
  inputsEmbeds!: usize; // [M,E]
  lastHiddenState!: usize; // [M,H], [N,H] where rows are selected; logits likewise
  pooled!: usize; // [B,H]
  sequenceLogits!: usize; // [B,C]
  tokenLogits!: usize; // [M,C]
  vocabularyLogits!: usize; // [M,V]
  hiddenStates!: usize; // [L+1,M,H]
  attentions!: usize; // [L][sum of A*S*S]
  // The module's own: padded rows.
  words!: usize; // [R,3E] or [R,E]
  hidden!: usize; // [R,H]
  layerInput!: usize; // [R,T]
  shared!: usize; // [R,T]
  query!: usize; // [R,T]
  key!: usize; // [R,T]
  value!: usize; // [R,T]
  context!: usize; // [R,T], rows contextBytes apart
  contextBytes!: usize;
  attended!: usize; // [R,T]
  inner!: usize; // [R,F]
  transformed!: usize; // [R,H], masked-LM head only
  firstRows!: usize; // [B,H]
  pooledRows!: usize; // [B,H]
  keyPanels!: usize; // one head: [S/8][bias 8, D x 8]
  valuePanels!: usize; // one head: [D/8][bias 8, S x 8]
  /** Values are bytes, and powers with them. */
  hasByteValues!: bool;
  scores!: usize; // [scoreRows, S]
  scoreRows!: i32;
  inverseSums!: usize; // [scoreRows]
  // Of one product, where weights are small.
  quantized!: usize; // [ROW_BLOCK] rows of whole numbers
  rowScales!: usize; // [2][ROW_BLOCK]: of words, and of their upper bytes
  words16!: usize; // one head's row, i16
  panel!: usize; // widened: two half-precision panels, or one of 8 bits
}
