/**
 * Mirror of assembly/abi.ts and of Config in assembly/memory/layout.ts: the words that host and
 * module share. test/src/engine/abi.test.ts compares the two.
 */

export const ABI_VERSION = 5;

/** The checkpoint's modules: linear layers, norms and embedding tables. */
export const Slot = {
  WordEmbeddings: 0,
  PositionEmbeddings: 1,
  TokenTypeEmbeddings: 2,
  EmbeddingTransformation: 3,
  EmbeddingNorm: 4,
  InputBottleneck: 5,
  InputBottleneckNorm: 6,
  SharedBottleneck: 7,
  SharedBottleneckNorm: 8,
  Query: 9,
  Key: 10,
  Value: 11,
  AttentionOutput: 12,
  AttentionOutputNorm: 13,
  FeedForwardIntermediate: 14,
  FeedForwardOutput: 15,
  FeedForwardNorm: 16,
  OutputBottleneck: 17,
  OutputBottleneckNorm: 18,
  Pooler: 19,
  SequenceHead: 20,
  TokenHead: 21,
  LmTransform: 22,
  LmTransformNorm: 23,
  LmDecoder: 24,
  LmDense: 25,
} as const;

/** Which of a module's two tensors. */
export const Part = { Weight: 0, Bias: 1 } as const;

/** Which of the stretches of packed bytes that a slot has. */
export const Storage = { Data: 0, Scales: 1, Outliers: 2 } as const;

/** Number formats a checkpoint's tensors may have. */
export const Dtype = { F32: 0, F16: 1, BF16: 2, F64: 3 } as const;

/** What matrices and tables are kept in. */
export const WeightType = { F32: 0, F16: 1, Q8: 2, BF16: 3 } as const;

/** Outputs of a pass, as bits. */
export const Output = {
  LastHiddenState: 1,
  Pooled: 2,
  SequenceLogits: 4,
  TokenLogits: 8,
  VocabularyLogits: 16,
  HiddenStates: 32,
  Attentions: 64,
  FromEmbeds: 128,
} as const;

/** Buffers between host and module. */
export const Buffer = {
  Lengths: 0,
  InputIds: 1,
  TokenTypeIds: 2,
  PositionIds: 3,
  AttentionMask: 4,
  SelectedRows: 5,
  InputsEmbeds: 6,
  LastHiddenState: 7,
  Pooled: 8,
  SequenceLogits: 9,
  TokenLogits: 10,
  VocabularyLogits: 11,
  HiddenStates: 12,
  Attentions: 13,
} as const;

export const Activation = { Relu: 0, Gelu: 1, Silu: 2, GeluNew: 3, Tanh: 4 } as const;

export const NormKind = { NoNorm: 0, LayerNorm: 1 } as const;

export const Status = {
  Ok: 0,
  NoSuchSlot: 1,
  OutOfRange: 2,
  TooLarge: 3,
  Sealed: 4,
  Coarse: 5,
} as const;

/** Fields of the module's Config, 4 bytes each, in their order; `epsilon` alone is an f32. */
export const CONFIG_FIELDS = [
  'vocabulary',
  'embedding',
  'hidden',
  'layers',
  'heads',
  'intermediate',
  'bottleneck',
  'positions',
  'types',
  'feedForwards',
  'trigram',
  'useBottleneck',
  'bottleneckAttention',
  'sharedBottleneck',
  'activation',
  'norm',
  'epsilon',
  'poolerDense',
  'sequenceLabels',
  'tokenLabels',
  'languageModel',
  'weightType',
  'rowBits',
] as const;

/** The model's dimensions as the module takes them; booleans are 0 or 1. */
export type Dimensions = Readonly<Record<(typeof CONFIG_FIELDS)[number], number>>;

/** Exports of assembly/index.ts. `pass` is the address that `createPass` returned. */
export interface Exports {
  readonly memory: WebAssembly.Memory;
  abiVersion(): number;
  createPass(): number;
  configAddress(pass: number): number;
  allocateWeights(pass: number): number;
  parametersAddress(pass: number): number;
  parametersBytes(pass: number): number;
  openStaging(pass: number, bytes: number, elements: number): number;
  storeRows(
    pass: number,
    slot: number,
    layer: number,
    network: number,
    part: number,
    dtype: number,
    first: number,
    rows: number,
  ): number;
  fetchRows(
    pass: number,
    slot: number,
    layer: number,
    network: number,
    part: number,
    first: number,
    rows: number,
    elements: number,
  ): number;
  storageBytes(pass: number, ...at: StorageArguments): number;
  storageAddress(pass: number, ...at: StorageArguments): number;
  reserveOutliers(
    pass: number,
    slot: number,
    layer: number,
    network: number,
    count: number,
  ): number;
  weightType(pass: number, slot: number, layer: number, network: number): number;
  seal(pass: number): void;
  openWeights(pass: number): void;
  reserve(
    pass: number,
    sequences: number,
    rows: number,
    selected: number,
    longest: number,
    scores: number,
    outputs: number,
  ): void;
  bufferAddress(pass: number, buffer: number): number;
  forward(pass: number): void;
}

type StorageArguments = [slot: number, layer: number, network: number, storage: number];
