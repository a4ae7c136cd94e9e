/**
 * Where activations are born: the extents of one request in, the addresses of its buffers out. The
 * arena lies behind the weights, is planned anew only when the extents change, and never shrinks. A
 * request that does not fit leaves memory as it was.
 */
import { Kind, Output } from '../abi';
import { q8PanelBytes, q8ScratchBytes } from '../kernels/q8-panel';
import { q16PanelBytes } from '../kernels/q16-panel';
import { q8RowBytes } from '../kernels/q8-rows';
import { Activations, f32s, panelBytes, roundUp8, rowBytes, wordBytes } from './layout';
import { config, embeddedInputs, longestDepth } from './plan';
import { allocate, commit, mark, release } from './region';

/**
 * Sequences are run through all layers in chunks of whole sequences of about this many rows: the
 * arena stays the same however large the batch is, and weights are read once per chunk.
 */
const CHUNK_ROWS: i32 = 512;
/** Rows of whole tiles, in every build: tiles have 3, 4 or 6. */
const WHOLE_TILES: i32 = 12;
/**
 * Rows that all panels pass over before the next rows come: their inputs stay in L2 (72 rows x 512
 * x 4 bytes = 144 KB) while the panels stream through L1.
 */
export const ROW_BLOCK: i32 = 6 * WHOLE_TILES;
/** Bytes of attention scores kept at a time: they are written, read twice and must stay in L1. */
const SCORE_BYTES: usize = 18432;
const MAX_SCORE_ROWS: i32 = 3 * WHOLE_TILES;

export const activations: Activations = changetype<Activations>(
  memory.data(offsetof<Activations>(), 16),
);

/** The extents that `activations` is planned for; 0 sequences: not planned. */
export let plannedSequences: i32 = 0;
export let plannedRows: i32 = 0;
export let plannedOutputs: i32 = 0;
/** Rows that the module's own buffers hold. */
export let chunkRows: i32 = 0;
export let plannedSelected: i32 = 0;
let plannedLongest: i32 = 0;
export let plannedScores: i32 = 0;
let arena: usize = 0;

/** Fixes where the arena starts: the end of the weights. */
export function openArena(): void {
  arena = mark();
  emptyArena();
}

/** Forgets the request that the arena is planned for. */
export function emptyArena(): void {
  plannedSequences = 0;
  release(arena);
}

/**
 * `scores`: sum over sequences of S * S where attentions are asked for. Buffers of outputs that are
 * not asked for have no address. `selected`: how many rows are read past the last block, 0 for all.
 */
export function planRequest(
  sequences: i32,
  rows: i32,
  selected: i32,
  longest: i32,
  scores: i32,
  outputs: i32,
): void {
  if (
    sequences == plannedSequences &&
    rows == plannedRows &&
    selected == plannedSelected &&
    longest == plannedLongest &&
    scores == plannedScores &&
    outputs == plannedOutputs
  )
    return;
  emptyArena();
  const chunk = min(rows, max(longest, CHUNK_ROWS));
  planHostBuffers(sequences, rows, selected, scores, outputs);
  planRows(chunk, outputs);
  planAttention(longest);
  planProducts(longest);
  activations.firstRows = allocate(<u64>sequences * rowBytes(config.hidden));
  activations.pooledRows = allocate(<u64>sequences * rowBytes(config.hidden));
  commit();
  plannedRows = rows;
  plannedSelected = selected;
  plannedLongest = longest;
  plannedScores = scores;
  plannedOutputs = outputs;
  chunkRows = chunk;
  plannedSequences = sequences;
}

function planHostBuffers(
  sequences: i32,
  rows: i32,
  selected: i32,
  scores: i32,
  outputs: i32,
): void {
  const a = activations;
  const B = <u64>sequences;
  const M = <u64>rows;
  const R = selected ? <u64>selected : M;
  const H = config.hidden;
  a.lengths = allocate(B * sizeof<i32>());
  a.inputIds = allocate(M * sizeof<i32>());
  a.tokenTypeIds = allocate(M * sizeof<i32>());
  a.positionIds = allocate(M * sizeof<i32>());
  a.attentionMask = allocate(M * sizeof<i32>());
  a.selectedRows = allocate(<u64>selected * sizeof<i32>());
  a.inputsEmbeds = outputs & Output.FromEmbeds ? allocate(M * f32s(config.embedding)) : 0;
  a.lastHiddenState = outputs & Output.LastHiddenState ? allocate(R * f32s(H)) : 0;
  a.pooled = outputs & Output.Pooled ? allocate(B * f32s(H)) : 0;
  // Logits leave the product in padded rows and are made dense in place.
  a.sequenceLogits =
    outputs & Output.SequenceLogits ? allocate(B * rowBytes(config.sequenceLabels)) : 0;
  a.tokenLogits = outputs & Output.TokenLogits ? allocate(R * rowBytes(config.tokenLabels)) : 0;
  a.vocabularyLogits =
    outputs & Output.VocabularyLogits ? allocate(R * rowBytes(config.vocabulary)) : 0;
  a.hiddenStates =
    outputs & Output.HiddenStates ? allocate(<u64>(config.layers + 1) * M * f32s(H)) : 0;
  const heads = <u64>config.layers * config.heads;
  a.attentions = outputs & Output.Attentions ? allocate(heads * <u64>scores * sizeof<f32>()) : 0;
}

function planRows(rows: i32, outputs: i32): void {
  const a = activations;
  const R = <u64>rows;
  const T = R * rowBytes(config.bottleneck);
  a.words = allocate(R * rowBytes(embeddedInputs()));
  a.hidden = allocate(R * rowBytes(config.hidden));
  a.layerInput = allocate(T);
  a.shared = allocate(T);
  a.query = allocate(T);
  a.key = allocate(T);
  a.value = allocate(T);
  a.contextBytes = contextBytes();
  a.context = allocate(R * a.contextBytes);
  a.attended = allocate(T);
  a.inner = allocate(R * rowBytes(config.intermediate));
  a.transformed = outputs & Output.VocabularyLogits ? allocate(R * rowBytes(config.hidden)) : 0;
}

/** Heads are written one after the other in whole panels, so the last one may reach past T. */
function contextBytes(): usize {
  const D = config.bottleneck / config.heads;
  return rowBytes(max(config.bottleneck, (config.heads - 1) * D + roundUp8(D)));
}

function planAttention(longest: i32): void {
  const a = activations;
  const D = config.bottleneck / config.heads;
  const isQ8 = config.kind == Kind.Q8;
  const keyBytes = isQ8 ? q16PanelBytes(D) : panelBytes(D);
  const valueBytes = isQ8
    ? max(q16PanelBytes(longest), q8PanelBytes(longest))
    : panelBytes(longest);
  a.hasByteValues = isQ8 && config.rowBits == 8;
  a.keyPanels = allocate(<u64>(roundUp8(longest) / 8) * keyBytes);
  a.valuePanels = allocate(<u64>(roundUp8(D) / 8) * valueBytes);
  const fitting = <i32>(SCORE_BYTES / rowBytes(longest)) / WHOLE_TILES;
  a.scoreRows = min(max(fitting, 1) * WHOLE_TILES, MAX_SCORE_ROWS);
  a.scores = allocate(<u64>a.scoreRows * rowBytes(longest));
  a.inverseSums = allocate(f32s(a.scoreRows));
}

/** What products with small weights need beside their rows: linear layers', and attention's. */
function planProducts(longest: i32): void {
  const a = activations;
  const depth = longestDepth();
  const isQ8 = config.kind == Kind.Q8;
  const quantized = max(<u64>ROW_BLOCK * q8RowBytes(depth), <u64>a.scoreRows * wordBytes(longest));
  a.quantized = isQ8 ? allocate(quantized) : 0;
  a.rowScales = isQ8 ? allocate(2 * f32s(ROW_BLOCK)) : 0;
  a.words16 = isQ8 ? allocate(wordBytes(config.bottleneck / config.heads)) : 0;
  const panel = max<u64>(2 * panelBytes(depth) + 16, q8ScratchBytes(depth));
  a.panel = config.kind == Kind.F32 ? 0 : allocate(panel);
}
