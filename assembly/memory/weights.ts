/**
 * Where weights are born: configuration in, records and zeroed parameters out. Mirrors the
 * constructors of transformers' modeling_mobilebert.py, and with them which norms keep torch's
 * default epsilon.
 */
import { Activation, NormKind, WeightType } from '../abi';
import { RowForm, supportedForm } from '../kernels/rows-int';
import { f32s, panels, roundUp8, rowBytes } from '../simd/units';
import {
  Block,
  Config,
  FeedForward,
  Linear,
  Norm,
  Pass,
  Table,
  Weights,
  weightPanelBytes,
} from './layout';
import { allocate, commit, mark, release, zeroed } from './region';

/** torch.nn.LayerNorm's default, which three of MobileBERT's norms keep. */
const DEFAULT_EPSILON: f32 = 1e-5;

/** Parameters start on cache lines. */
const ALIGNMENT: u64 = 64;

/**
 * Plans twice: first to learn how much room factors and starts take, then with the parameters'
 * place known behind them. Both walks allocate the same.
 */
export function planWeights(pass: Pass): void {
  const w = pass.weights;
  const bytes = recordBytes(pass.config);
  w.records = zeroed(bytes);
  const start = mark();
  walk(pass, 0);
  const parameters = allocate(w.parameterBytes);
  memory.fill(w.records, 0, bytes);
  release(start);
  walk(pass, parameters);
  allocate(w.parameterBytes);
  commit();
}

/** Room for all records that a configuration may have. */
function recordBytes(c: Config): usize {
  const linear = <usize>offsetof<Linear>();
  const norm = <usize>offsetof<Norm>();
  const address = sizeof<usize>();
  const network = <usize>offsetof<FeedForward>() + linear * 2 + norm + address;
  const block = <usize>offsetof<Block>() + linear * 7 + norm * 4 + address;
  const rest = <usize>offsetof<Table>() * 3 + linear * 7 + norm * 2;
  return rest + <usize>c.layers * (block + <usize>c.feedForwards * network);
}

function walk(pass: Pass, parameters: usize): void {
  const c = pass.config;
  const w = pass.weights;
  const H = c.hidden;
  w.nextRecord = w.records;
  w.parameters = parameters;
  w.parameterBytes = 0;
  w.lastLinear = null;
  w.wordEmbeddings = table(w, c.vocabulary, c.embedding, c.weightType);
  w.positionEmbeddings = table(w, c.positions, H, c.weightType);
  w.tokenTypeEmbeddings = table(w, c.types, H, fineType(c));
  w.embeddingTransformation = quantizable(w, embeddedInputs(c), H, fineType(c), RowForm.I16, null);
  w.embeddingNorm = norm(w, c.norm, H, DEFAULT_EPSILON);
  w.blocks = addresses(w, c.layers);
  for (let layer = 0; layer < c.layers; layer++) {
    store<Block>(w.blocks + <usize>layer * sizeof<usize>(), block(c, w));
  }
  w.pooler = c.poolerDense ? quantizable(w, H, H, fineType(c), RowForm.I16, null) : null;
  w.sequenceHead = classifier(c, w, c.sequenceLabels);
  w.tokenHead = classifier(c, w, c.tokenLabels);
  w.lmTransform = c.languageModel ? quantizable(w, H, H, c.weightType, RowForm.I16, null) : null;
  w.lmTransformNorm = c.languageModel ? norm(w, NormKind.LayerNorm, H, c.epsilon) : null;
  planDecoder(c, w);
}

function planDecoder(c: Config, w: Weights): void {
  const V = c.vocabulary;
  w.lmDecoder = null;
  w.lmDense = null;
  if (!c.languageModel) return;
  if (c.weightType != WeightType.Q8) {
    w.lmDecoder = quantizable(w, c.hidden, V, c.weightType, RowForm.I16, null);
    return;
  }
  // Both read rows of H.
  const stride = rowBytes(c.hidden);
  const decoder = linear(w, c.embedding, V, WeightType.Q8);
  decoder.inputStride = stride;
  w.lmDecoder = decoder;
  const rest = c.hidden - c.embedding;
  if (rest <= 0) return;
  const dense = quantizable(w, rest, V, WeightType.Q8, RowForm.I16, null);
  dense.inputStride = stride;
  w.lmDense = dense;
}

/**
 * With 8-bit rows the input bottleneck still reads 16 bits: it takes the residual stream, outliers
 * included, to all that follows in a block (docs/accuracy.md). Layers that read the same rows share
 * factors, so that the rows are quantised once. The order is that in which a pass reads the layers
 * (model/block.ts): prefetching goes on to what lies behind.
 */
function block(c: Config, w: Weights): Block {
  const H = c.hidden;
  const T = c.bottleneck;
  const type = c.weightType;
  const coarse = rowForm(c, RowForm.I8);
  const upper = rowForm(c, RowForm.UpperI8);
  const b = record<Block>(w);
  const three = threeReadHidden(c);
  if (c.useBottleneck && c.sharedBottleneck) {
    b.sharedBottleneck = quantizable(w, H, T, type, upper, null);
    b.sharedBottleneckNorm = norm(w, c.norm, T, c.epsilon);
  }
  if (three) b.value = quantizable(w, H, T, type, upper, b.sharedBottleneck);
  if (c.useBottleneck) {
    const peer = three ? b.sharedBottleneck : null;
    b.inputBottleneck = quantizable(w, H, T, type, RowForm.I16, peer);
    b.inputBottleneckNorm = norm(w, c.norm, T, c.epsilon);
  }
  b.key = quantizable(w, T, T, type, coarse, null);
  if (!three) b.value = quantizable(w, T, T, type, coarse, b.key);
  b.query = quantizable(w, T, T, type, coarse, b.key);
  b.attentionOutput = quantizable(w, T, T, type, coarse, null);
  b.attentionOutput.inputStride = contextStride(c);
  b.attentionOutputNorm = norm(w, c.norm, T, c.epsilon);
  b.feedForwards = addresses(w, c.feedForwards);
  const last = c.feedForwards - 1;
  for (let network = 0; network <= last; network++) {
    // The last network is the block's own output, whose norm keeps the default epsilon.
    const epsilon = network == last ? DEFAULT_EPSILON : c.epsilon;
    const address = b.feedForwards + <usize>network * sizeof<usize>();
    store<FeedForward>(address, feedForward(c, w, epsilon));
  }
  if (c.useBottleneck) {
    b.outputBottleneck = quantizable(w, T, H, type, coarse, null);
    b.outputBottleneckNorm = norm(w, c.norm, H, c.epsilon);
  }
  return b;
}

function feedForward(c: Config, w: Weights, epsilon: f32): FeedForward {
  const coarse = rowForm(c, RowForm.I8);
  const isRelu = c.activation == Activation.Relu;
  // ReLU leaves nothing below zero: without a sign, one more bit of it is kept.
  const inner = coarse == RowForm.I8 && isRelu ? RowForm.U8 : coarse;
  const f = record<FeedForward>(w);
  f.intermediate = quantizable(w, c.bottleneck, c.intermediate, c.weightType, coarse, null);
  f.output = quantizable(w, c.intermediate, c.bottleneck, c.weightType, inner, null);
  if (c.weightType == WeightType.Q8 && isRelu) {
    f.output.producer = f.intermediate;
    f.intermediate.outputFactors = f.output.factors;
  }
  f.norm = norm(w, c.norm, c.bottleneck, epsilon);
  return f;
}

// ---- what configurations mean ----

/** Columns of the rows that the embeddings' product reads: three neighbours, or the token alone. */
export function embeddedInputs(c: Config): i32 {
  return c.trigram ? 3 * c.embedding : c.embedding;
}

/** The longest row that a product reads. */
export function longestDepth(c: Config): i32 {
  const narrow = max(c.bottleneck, c.intermediate);
  return max(max(c.hidden, embeddedInputs(c)), narrow);
}

/** The most columns of a product, but for the heads'. */
export function widestOutput(c: Config): i32 {
  return max(max(c.hidden, c.intermediate), c.bottleneck);
}

/** Heads are written one after the other in whole panels, so the last one may reach past T. */
export function contextStride(c: Config): usize {
  const D = c.bottleneck / c.heads;
  return rowBytes(max(c.bottleneck, (c.heads - 1) * D + roundUp8(D)));
}

/**
 * Whether both bottlenecks and the values read the hidden state. Otherwise one bottleneck at most
 * does, and keys, values and queries read the same rows.
 */
export function threeReadHidden(c: Config): bool {
  return c.sharedBottleneck && !c.bottleneckAttention;
}

/**
 * In q8 models, the few weights that every number of an answer goes through have 16 bits: 2 % of
 * all (docs/accuracy.md).
 */
function fineType(c: Config): WeightType {
  return c.weightType == WeightType.Q8 ? WeightType.BF16 : c.weightType;
}

function rowForm(c: Config, requested: RowForm): RowForm {
  return c.rowBits == 8 ? supportedForm(requested) : RowForm.I16;
}

export function blockAt(w: Weights, layer: i32): Block {
  return load<Block>(w.blocks + <usize>layer * sizeof<usize>());
}

export function feedForwardAt(b: Block, network: i32): FeedForward {
  return load<FeedForward>(b.feedForwards + <usize>network * sizeof<usize>());
}

// ---- records ----

function record<T>(w: Weights): T {
  return changetype<T>(bytesOfRecords(w, offsetof<T>()));
}

/** Room for the addresses of `count` records. */
function addresses(w: Weights, count: i32): usize {
  return bytesOfRecords(w, <usize>count * sizeof<usize>());
}

function bytesOfRecords(w: Weights, bytes: usize): usize {
  const address = w.nextRecord;
  w.nextRecord = address + bytes;
  return address;
}

/** `bytes` of parameters, behind those that were planned before. Traps past 4 GB. */
function parameter(w: Weights, bytes: u64): usize {
  const first = (w.parameterBytes + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
  if (bytes > <u64>u32.MAX_VALUE || first + bytes > <u64>u32.MAX_VALUE) unreachable();
  w.parameterBytes = first + bytes;
  return w.parameters + <usize>first;
}

function table(w: Weights, rows: i32, columns: i32, type: WeightType): Table {
  const t = record<Table>(w);
  t.rows = rows;
  t.columns = columns;
  t.weightType = type;
  // Rows are converted in whole vectors: a few bytes behind the last one.
  t.data = parameter(w, <u64>rows * <u64>columns * tableWidth(type) + 16);
  t.scales = type == WeightType.Q8 ? parameter(w, <u64>rows * 2) : 0;
  return t;
}

/** Bytes of one number of a table. */
export function tableWidth(type: WeightType): usize {
  if (type == WeightType.Q8) return 1;
  return type == WeightType.F32 ? 4 : 2;
}

/** A layer that has input factors of its own, or those of `peer`, where its weights are 8 bits. */
function quantizable(
  w: Weights,
  inputs: i32,
  outputs: i32,
  type: WeightType,
  form: RowForm,
  peer: Linear | null,
): Linear {
  const l = linear(w, inputs, outputs, type);
  l.rowForm = form;
  if (type != WeightType.Q8) return l;
  l.factors = peer ? peer.factors : allocate(rowBytes(inputs));
  if (peer) {
    l.sharesFactors = peer.sharesFactors ? peer.sharesFactors : peer;
    peer.sharesFactors = l;
  }
  return l;
}

/** A few rows that make the answer itself: f32 in every model. */
function classifier(c: Config, w: Weights, labels: i32): Linear | null {
  return labels ? linear(w, c.hidden, labels, WeightType.F32) : null;
}

function linear(w: Weights, inputs: i32, outputs: i32, type: WeightType): Linear {
  const l = record<Linear>(w);
  l.inputs = inputs;
  l.outputs = outputs;
  l.inputStride = rowBytes(inputs);
  l.weightType = type;
  l.rowForm = RowForm.I16;
  l.panels = parameter(w, <u64>panels(outputs) * weightPanelBytes(type, inputs));
  l.starts = type == WeightType.Q8 ? allocate(rowBytes(outputs)) : 0;
  l.previous = w.lastLinear;
  w.lastLinear = l;
  return l;
}

function norm(w: Weights, kind: NormKind, size: i32, epsilon: f32): Norm {
  const n = record<Norm>(w);
  n.kind = kind;
  n.size = size;
  n.epsilon = epsilon;
  n.scale = parameter(w, rowBytes(size));
  n.shift = parameter(w, rowBytes(size));
  return n;
}
