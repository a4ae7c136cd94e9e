/**
 * The words that the host and the module share: version, slots, buffers, outputs, status codes.
 * src/engine/abi.ts mirrors this file; a test compares the two.
 */

/** Counts up whenever an export, an enum below or the order of `Config`'s fields changes. */
export const ABI_VERSION: i32 = 5;

/** One module of the checkpoint: a linear layer, a norm or an embedding table. */
export const enum Slot {
  WordEmbeddings = 0,
  PositionEmbeddings = 1,
  TokenTypeEmbeddings = 2,
  EmbeddingTransformation = 3,
  EmbeddingNorm = 4,
  InputBottleneck = 5,
  InputBottleneckNorm = 6,
  SharedBottleneck = 7,
  SharedBottleneckNorm = 8,
  Query = 9,
  Key = 10,
  Value = 11,
  AttentionOutput = 12,
  AttentionOutputNorm = 13,
  FeedForwardIntermediate = 14,
  FeedForwardOutput = 15,
  FeedForwardNorm = 16,
  OutputBottleneck = 17,
  OutputBottleneckNorm = 18,
  Pooler = 19,
  SequenceHead = 20,
  TokenHead = 21,
  LmTransform = 22,
  LmTransformNorm = 23,
  LmDecoder = 24,
  LmDense = 25,
}

/** Which of a module's two tensors. */
export const enum Part {
  Weight = 0,
  Bias = 1,
}

/** Which of the two stretches of packed bytes that a slot has. */
export const enum Storage {
  /** Panels of a layer, rows of a table, scale of a norm. */
  Data = 0,
  /** q8: input factors of a layer, scales of a table's rows; shift of a norm. */
  Scales = 1,
  /** Weights that are kept in f32 (`reserveOutliers`): numbers of a table, inputs of a layer. */
  Outliers = 2,
}

/** Number formats that `store` reads; all little-endian. */
export const enum Dtype {
  F32 = 0,
  F16 = 1,
  BF16 = 2,
  F64 = 3,
}

/** What matrices and tables are kept in. Vectors are f32 in every model. */
export const enum WeightType {
  F32 = 0,
  /** Half precision, widened where it is used. */
  F16 = 1,
  /** Eight bits with a scale per output channel or table row, and exact integer sums. */
  Q8 = 2,
  /**
   * The upper halves of f32, widened where they are used: the few weights of a q8 model that every
   * answer needs.
   */
  BF16 = 3,
}

/** The outputs that `forward` is asked for, as bits. */
export const enum Output {
  LastHiddenState = 1,
  Pooled = 2,
  SequenceLogits = 4,
  TokenLogits = 8,
  VocabularyLogits = 16,
  HiddenStates = 32,
  Attentions = 64,
  /** Not an output: rows of `InputsEmbeds` are read in place of `InputIds`. */
  FromEmbeds = 128,
}

/**
 * Buffers the host fills before `forward` or reads after it; all rows are dense, without padding.
 */
export const enum Buffer {
  /** i32 [B] rows of each sequence. */
  Lengths = 0,
  /** i32 [M] */
  InputIds = 1,
  /** i32 [M] */
  TokenTypeIds = 2,
  /** i32 [M] */
  PositionIds = 3,
  /** i32 [M], 0 hides a token from attention. */
  AttentionMask = 4,
  /** i32 [selected], ascending: the rows that are computed past the last block. */
  SelectedRows = 5,
  /** f32 [M,E] */
  InputsEmbeds = 6,
  /** f32 [Q,H]: Q is the number of selected rows, or M where none are selected. */
  LastHiddenState = 7,
  /** f32 [B,H] */
  Pooled = 8,
  /** f32 [B,C] */
  SequenceLogits = 9,
  /** f32 [Q,C] */
  TokenLogits = 10,
  /** f32 [Q,V] */
  VocabularyLogits = 11,
  /** f32 [L+1,M,H] */
  HiddenStates = 12,
  /** f32 [L][sum over sequences of A*S*S] */
  Attentions = 13,
}

export const enum Activation {
  Relu = 0,
  Gelu = 1,
  Silu = 2,
  GeluNew = 3,
  Tanh = 4,
}

export const enum NormKind {
  NoNorm = 0,
  LayerNorm = 1,
}

export const enum Status {
  Ok = 0,
  /** The slot does not exist in this configuration. */
  NoSuchSlot = 1,
  /** Rows past the end of the tensor. */
  OutOfRange = 2,
  /** A number that the weight type cannot hold. */
  TooLarge = 3,
  /** Weights are sealed: `openWeights` comes first. */
  Sealed = 4,
  /** Stored, but a few numbers make the scale of a row too coarse for its others. */
  Coarse = 5,
}
