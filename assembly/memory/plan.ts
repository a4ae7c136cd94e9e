/**
 * Where weights are born: configuration in, records and zeroed tables, panels and norms out. Mirrors
 * the constructors of transformers' modeling_mobilebert.py, and with them which norms keep torch's
 * default epsilon.
 */
import { Activation, Kind, NormKind } from '../abi';
import { RowForm, q8Form } from '../kernels/q8-rows';
import {
  Block,
  Config,
  FeedForward,
  Linear,
  NR,
  Norm,
  Table,
  Weights,
  f32s,
  roundUp8,
  rowBytes,
  tableWidth,
  weightPanelBytes,
} from './layout';
import { allocate, commit } from './region';

/** torch.nn.LayerNorm's default, which three of MobileBERT's norms keep. */
const DEFAULT_EPSILON: f32 = 1e-5;

export const config: Config = changetype<Config>(memory.data(offsetof<Config>(), 16));
export const weights: Weights = changetype<Weights>(memory.data(offsetof<Weights>(), 16));

/** Rows of the word table as a product reads them: three neighbours or the token alone. */
export function embeddedInputs(): i32 {
  return config.trigram ? 3 * config.embedding : config.embedding;
}

export function planWeights(): void {
  const H = config.hidden;
  const E = config.embedding;
  weights.wordEmbeddings = table(config.vocabulary, E);
  weights.positionEmbeddings = table(config.positions, H);
  weights.tokenTypeEmbeddings = table(config.types, H, fineKind());
  weights.embeddingTransformation = linear(embeddedInputs(), H, RowForm.Words, fineKind());
  weights.embeddingNorm = norm(config.norm, H, DEFAULT_EPSILON);
  weights.blocks = addresses(config.layers);
  for (let layer = 0; layer < config.layers; layer++) {
    store<Block>(weights.blocks + <usize>layer * sizeof<usize>(), block());
  }
  weights.pooler = config.poolerDense ? linear(H, H, RowForm.Words, fineKind()) : null;
  weights.sequenceHead = classifier(config.sequenceLabels);
  weights.tokenHead = classifier(config.tokenLabels);
  weights.lmTransform = config.languageModel ? linear(H, H) : null;
  weights.lmTransformNorm = config.languageModel
    ? norm(NormKind.LayerNorm, H, config.epsilon)
    : null;
  planDecoder();
  commit();
}

/**
 * Where eight bits are the rest, the few weights that every number of an answer goes through have 16:
 * 2 % of all (docs/accuracy.md).
 */
function fineKind(): Kind {
  return config.kind == Kind.Q8 ? Kind.BF16 : config.kind;
}

function planDecoder(): void {
  const V = config.vocabulary;
  const isSplit = config.kind == Kind.Q8;
  weights.lmDecoder = null;
  weights.lmDense = null;
  if (!config.languageModel) return;
  weights.lmDecoder = isSplit
    ? product(config.embedding, V, config.kind)
    : linear(config.hidden, V);
  const rest = config.hidden - config.embedding;
  if (isSplit && rest > 0) weights.lmDense = linear(rest, V);
}

/** The longest row that a product reads. */
export function longestDepth(): i32 {
  const narrow = max(config.bottleneck, config.intermediate);
  return max(max(config.hidden, embeddedInputs()), narrow);
}

export function blockAt(layer: i32): Block {
  return load<Block>(weights.blocks + <usize>layer * sizeof<usize>());
}

export function feedForwardAt(block: Block, network: i32): FeedForward {
  return load<FeedForward>(block.feedForwards + <usize>network * sizeof<usize>());
}

/**
 * Whether the hidden state goes into both bottlenecks and the values; else into one bottleneck at most, and
 * keys, values and queries read the same rows.
 */
export function threeReadHidden(): bool {
  return config.sharedBottleneck && !config.bottleneckAttention;
}

/**
 * With 8-bit rows, the input bottleneck still reads 16 bits: it takes the residual stream, with what
 * outliers it has, to all that follows in a block (docs/accuracy.md). Layers that read the same rows
 * share factors, for the rows are quantised once.
 */
function block(): Block {
  const H = config.hidden;
  const T = config.bottleneck;
  const coarse = config.rowBits == 8 ? q8Form(RowForm.Bytes) : RowForm.Words;
  const upper = config.rowBits == 8 ? q8Form(RowForm.UpperBytes) : RowForm.Words;
  const b = record<Block>();
  const shared = config.useBottleneck && config.sharedBottleneck;
  const three = threeReadHidden();
  // In the order in which a pass reads them (model/block.ts): what follows is read ahead.
  b.sharedBottleneck = shared ? linear(H, T, upper) : null;
  b.sharedBottleneckNorm = shared ? norm(config.norm, T, config.epsilon) : null;
  if (three) b.value = linear(H, T, upper, config.kind, b.sharedBottleneck);
  b.inputBottleneck = config.useBottleneck
    ? linear(H, T, RowForm.Words, config.kind, three ? b.sharedBottleneck : null)
    : null;
  b.inputBottleneckNorm = config.useBottleneck ? norm(config.norm, T, config.epsilon) : null;
  b.key = linear(T, T, coarse);
  if (!three) b.value = linear(T, T, coarse, config.kind, b.key);
  b.query = linear(T, T, coarse, config.kind, b.key);
  b.attentionOutput = linear(T, T, coarse);
  b.attentionOutputNorm = norm(config.norm, T, config.epsilon);
  b.feedForwards = addresses(config.feedForwards);
  const last = config.feedForwards - 1;
  for (let network = 0; network <= last; network++) {
    // The last network is the block's own output, whose norm keeps the default epsilon.
    const epsilon = network == last ? DEFAULT_EPSILON : config.epsilon;
    store<FeedForward>(b.feedForwards + <usize>network * sizeof<usize>(), feedForward(epsilon));
  }
  b.outputBottleneck = config.useBottleneck ? linear(T, H, coarse) : null;
  b.outputBottleneckNorm = config.useBottleneck ? norm(config.norm, H, config.epsilon) : null;
  return b;
}

/** A record to be filled in. */
function record<T>(): T {
  const address = allocate(offsetof<T>());
  commit();
  return changetype<T>(address);
}

/** Room for the addresses of `count` records. */
function addresses(count: i32): usize {
  const address = allocate(<usize>count * sizeof<usize>());
  commit();
  return address;
}

function feedForward(epsilon: f32): FeedForward {
  const coarse = config.rowBits == 8 ? q8Form(RowForm.Bytes) : RowForm.Words;
  // What ReLU leaves needs no sign: a bit more of it is kept.
  const inner = coarse && config.activation == Activation.Relu ? RowForm.Magnitudes : coarse;
  const f = record<FeedForward>();
  f.intermediate = linear(config.bottleneck, config.intermediate, coarse);
  f.output = linear(config.intermediate, config.bottleneck, inner);
  if (config.kind == Kind.Q8 && config.activation == Activation.Relu) {
    f.output.before = f.intermediate;
    f.intermediate.outputFactors = f.output.factors;
  }
  f.norm = norm(config.norm, config.bottleneck, epsilon);
  return f;
}

function table(rows: i32, columns: i32, kind: Kind = config.kind): Table {
  const t = record<Table>();
  t.rows = rows;
  t.columns = columns;
  t.kind = kind;
  // Rows are converted in whole vectors: a few bytes behind the last one.
  t.data = allocate(<u64>rows * <u64>columns * tableWidth(kind) + 16);
  t.scales = kind == Kind.Q8 ? allocate(<u64>rows * 2) : 0;
  t.row = kind == Kind.F32 ? 0 : allocate(rowBytes(columns));
  return t;
}

function linear(
  inputs: i32,
  outputs: i32,
  rowForm: RowForm = RowForm.Words,
  kind: Kind = config.kind,
  peer: Linear | null = null,
): Linear {
  const l = product(inputs, outputs, kind);
  l.rowForm = rowForm;
  if (l.kind != Kind.Q8) return l;
  l.factors = peer ? peer.factors : allocate(rowBytes(inputs));
  if (peer) {
    l.next = peer.next ? peer.next : peer;
    peer.next = l;
  }
  return l;
}

/** A few rows that stand for the answer itself: f32 in every kind. */
function classifier(labels: i32): Linear | null {
  return labels ? product(config.hidden, labels, Kind.F32) : null;
}

function product(inputs: i32, outputs: i32, kind: Kind): Linear {
  const l = record<Linear>();
  l.inputs = inputs;
  l.outputs = outputs;
  l.kind = kind;
  l.rowForm = RowForm.Words;
  l.panels = allocate(<u64>(roundUp8(outputs) / NR) * weightPanelBytes(kind, inputs));
  l.starts = kind == Kind.Q8 ? allocate(rowBytes(outputs)) : 0;
  return l;
}

function norm(kind: NormKind, size: i32, epsilon: f32): Norm {
  const n = record<Norm>();
  n.kind = kind;
  n.size = size;
  n.epsilon = epsilon;
  n.scale = allocate(f32s(roundUp8(size)));
  n.shift = allocate(f32s(roundUp8(size)));
  return n;
}
