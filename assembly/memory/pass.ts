/**
 * Where a pass and its activations are born: the extents of one request in, the addresses of its
 * buffers out. The arena lies behind the weights, is planned anew only when the extents change, and
 * never shrinks. A request that does not fit leaves memory as it was.
 */
import { Output, WeightType } from '../abi';
import { OUTLYING_ROWS_BYTES } from '../kernels/outlying-rows';
import { q8PanelBytes, q8ScratchBytes, q16PanelBytes } from '../kernels/panels-int';
import { LEAST_EVERY, Prefetch } from '../kernels/prefetch';
import { q8RowBytes } from '../kernels/rows-int';
import { QUANTIZED, THREADED } from '../simd/build';
import { f32PanelBytes, f32s, i16RowBytes, panels, rowBytes } from '../simd/units';
import {
  Activations,
  Buffers,
  Chunk,
  Config,
  Pass,
  Request,
  Scratch,
  Staging,
  Team,
  Weights,
} from './layout';
import { allocate, commit, mark, openRegion, release, zeroed } from './region';
import { contextStride, embeddedInputs, longestDepth } from './weights';

/**
 * Sequences are run through all layers in chunks of whole sequences of about this many rows: the
 * arena stays the same however large the batch is, and weights are read once per chunk.
 */
const CHUNK_ROWS: i32 = 512;
/** A multiple of the rows of a tile in every build, which are 3, 4 or 6. */
const WHOLE_TILES: i32 = 12;
/**
 * Rows that all panels pass over before the next rows come: their inputs stay in L2 (72 rows x 512
 * x 4 bytes = 144 KB) while the panels stream through L1.
 */
export const ROW_BLOCK: i32 = 6 * WHOLE_TILES;
/** Bytes of attention scores kept at a time: they are written, read twice and must stay in L1. */
const SCORE_BYTES: usize = 18432;
const MAX_SCORE_ROWS: i32 = 3 * WHOLE_TILES;

/** Bytes of the records that a member of a team has to itself. */
const MEMBER_BYTES: usize =
  offsetof<Pass>() + offsetof<Chunk>() + offsetof<Scratch>() + offsetof<Prefetch>();

const RECORD_BYTES: usize =
  MEMBER_BYTES +
  offsetof<Config>() +
  offsetof<Request>() +
  offsetof<Buffers>() +
  offsetof<Activations>() +
  offsetof<Staging>() +
  offsetof<Weights>();

/** The records of one model, zeroed, one behind the other. Each model has a memory of its own. */
export function createPass(): Pass {
  openRegion();
  let at = zeroed(RECORD_BYTES);
  const pass = ownRecords(at);
  at += MEMBER_BYTES;
  pass.config = changetype<Config>(at);
  at += offsetof<Config>();
  pass.request = changetype<Request>(at);
  at += offsetof<Request>();
  pass.buffers = changetype<Buffers>(at);
  at += offsetof<Buffers>();
  pass.activations = changetype<Activations>(at);
  at += offsetof<Activations>();
  pass.staging = changetype<Staging>(at);
  at += offsetof<Staging>();
  // The last one: its size is no multiple of four.
  pass.weights = changetype<Weights>(at);
  if (THREADED) createTeam(pass, 1, 0);
  return pass;
}

/** A Pass with the records that it shares with no other, in MEMBER_BYTES of zeros. */
function ownRecords(at: usize): Pass {
  const pass = changetype<Pass>(at);
  at += offsetof<Pass>();
  pass.chunk = changetype<Chunk>(at);
  at += offsetof<Chunk>();
  pass.scratch = changetype<Scratch>(at);
  at += offsetof<Scratch>();
  pass.scratch.prefetch = changetype<Prefetch>(at);
  pass.scratch.prefetch.every = LEAST_EVERY;
  return pass;
}

/**
 * Plans a team of `size` members for a fresh pass, before its weights. The others run
 * `memberPass`. `patience`: milliseconds that one waits for another at a barrier.
 */
export function createTeam(pass: Pass, size: i32, patience: i32): void {
  const team = changetype<Team>(zeroed(offsetof<Team>()));
  team.size = size;
  team.patience = patience;
  team.members = zeroed(<usize>(size - 1) * MEMBER_BYTES);
  pass.team = team;
  for (let rank = 1; rank < size; rank++) {
    const member = ownRecords(changetype<usize>(memberPass(pass, rank)));
    member.config = pass.config;
    member.weights = pass.weights;
    member.request = pass.request;
    member.buffers = pass.buffers;
    member.activations = pass.activations;
    member.staging = pass.staging;
    member.team = team;
    member.rank = rank;
  }
}

/** The Pass of the member with a number, which is 1 or more. */
export function memberPass(pass: Pass, rank: i32): Pass {
  return changetype<Pass>(pass.team.members + <usize>(rank - 1) * MEMBER_BYTES);
}

/** Fixes where the arena begins: at the end of the weights. */
export function openArena(pass: Pass): void {
  pass.request.arena = mark();
  emptyArena(pass);
}

/** Forgets the request that the arena is planned for. */
export function emptyArena(pass: Pass): void {
  pass.request.sequences = 0;
  release(pass.request.arena);
}

/**
 * `scores`: sum over sequences of S * S where attentions are asked for. Buffers of outputs that are
 * not asked for have no address. `selected`: how many rows are computed past the last block, 0 for
 * all.
 */
export function reserve(
  pass: Pass,
  sequences: i32,
  rows: i32,
  selected: i32,
  longest: i32,
  scores: i32,
  outputs: i32,
): void {
  const r = pass.request;
  if (
    sequences == r.sequences &&
    rows == r.rows &&
    selected == r.selected &&
    longest == r.longest &&
    scores == r.scores &&
    outputs == r.outputs
  )
    return;
  emptyArena(pass);
  const chunkRows = min(rows, max(longest, CHUNK_ROWS));
  planBuffers(pass, sequences, rows, selected, scores, outputs);
  planActivations(pass, sequences, chunkRows, outputs);
  planScratch(pass, longest);
  if (THREADED) {
    for (let rank = 1; rank < pass.team.size; rank++) planScratch(memberPass(pass, rank), longest);
  }
  commit();
  r.rows = rows;
  r.selected = selected;
  r.longest = longest;
  r.scores = scores;
  r.outputs = outputs;
  r.chunkRows = chunkRows;
  r.sequences = sequences;
}

function planBuffers(
  pass: Pass,
  sequences: i32,
  rows: i32,
  selected: i32,
  scores: i32,
  outputs: i32,
): void {
  const c = pass.config;
  const b = pass.buffers;
  const B = <u64>sequences;
  const M = <u64>rows;
  const computed = selected ? <u64>selected : M;
  const H = f32s(c.hidden);
  b.lengths = allocate(B * sizeof<i32>());
  b.inputIds = allocate(M * sizeof<i32>());
  b.tokenTypeIds = allocate(M * sizeof<i32>());
  b.positionIds = allocate(M * sizeof<i32>());
  b.attentionMask = allocate(M * sizeof<i32>());
  b.selectedRows = allocate(<u64>selected * sizeof<i32>());
  b.inputsEmbeds = asked(outputs, Output.FromEmbeds, M * f32s(c.embedding));
  b.lastHiddenState = asked(outputs, Output.LastHiddenState, computed * H);
  b.pooled = asked(outputs, Output.Pooled, B * H);
  // Logits leave the product in padded rows and are made dense in place.
  b.sequenceLogits = asked(outputs, Output.SequenceLogits, B * rowBytes(c.sequenceLabels));
  b.tokenLogits = asked(outputs, Output.TokenLogits, computed * rowBytes(c.tokenLabels));
  b.vocabularyLogits = asked(outputs, Output.VocabularyLogits, computed * rowBytes(c.vocabulary));
  b.hiddenStates = asked(outputs, Output.HiddenStates, <u64>(c.layers + 1) * M * H);
  const heads = <u64>c.layers * c.heads;
  b.attentions = asked(outputs, Output.Attentions, heads * <u64>scores * sizeof<f32>());
}

/** Address of an output's buffer; 0 where it is not asked for. */
function asked(outputs: i32, output: Output, bytes: u64): usize {
  return outputs & output ? allocate(bytes) : 0;
}

function planActivations(pass: Pass, sequences: i32, rows: i32, outputs: i32): void {
  const c = pass.config;
  const a = pass.activations;
  const R = <u64>rows;
  const H = rowBytes(c.hidden);
  const T = R * rowBytes(c.bottleneck);
  a.trigram = allocate(R * rowBytes(embeddedInputs(c)));
  a.hidden = allocate(R * H);
  a.layerInput = allocate(T);
  a.shared = allocate(T);
  a.query = allocate(T);
  a.key = allocate(T);
  a.value = allocate(T);
  a.oddLayers = 0;
  if (THREADED && pass.team.size > 1) {
    a.oddLayers = allocate(T) - a.key;
    allocate(T); // values of odd layers
  }
  a.contextStride = contextStride(c);
  a.context = allocate(R * a.contextStride);
  a.attended = allocate(T);
  a.inner = allocate(R * rowBytes(c.intermediate));
  a.transformed = outputs & Output.VocabularyLogits ? allocate(R * H) : 0;
  a.firstRows = allocate(<u64>sequences * H);
  a.pooledRows = allocate(<u64>sequences * H);
}

/** What a member of the team needs for itself. */
function planScratch(pass: Pass, longest: i32): void {
  planAttention(pass, longest);
  planProducts(pass, longest);
}

function planAttention(pass: Pass, longest: i32): void {
  const c = pass.config;
  const s = pass.scratch;
  const D = c.bottleneck / c.heads;
  const isQ8 = c.weightType == WeightType.Q8;
  const keyBytes = isQ8 ? q16PanelBytes(D) : f32PanelBytes(D);
  const valueBytes = isQ8
    ? max(q16PanelBytes(longest), q8PanelBytes(longest))
    : f32PanelBytes(longest);
  s.keyPanels = allocate(<u64>panels(longest) * keyBytes);
  s.valuePanels = allocate(<u64>panels(D) * valueBytes);
  const fitting = <i32>(SCORE_BYTES / rowBytes(longest)) / WHOLE_TILES;
  s.scoreRows = min(max(fitting, 1) * WHOLE_TILES, MAX_SCORE_ROWS);
  s.scores = allocate(<u64>s.scoreRows * rowBytes(longest));
  s.inverseSums = allocate(f32s(s.scoreRows));
}

/** What products with quantised weights need beside their rows: linear layers', and attention's. */
function planProducts(pass: Pass, longest: i32): void {
  const c = pass.config;
  const s = pass.scratch;
  const depth = longestDepth(c);
  const isQ8 = c.weightType == WeightType.Q8;
  const rows = <u64>ROW_BLOCK * q8RowBytes(depth);
  const powers = <u64>s.scoreRows * i16RowBytes(longest);
  s.quantized = isQ8 ? allocate(max(rows, powers)) : 0;
  s.rowScales = isQ8 ? allocate(3 * f32s(ROW_BLOCK)) : 0;
  s.headRow = isQ8 ? allocate(i16RowBytes(c.bottleneck / c.heads)) : 0;
  s.outlyingValues = isQ8 ? allocate(OUTLYING_ROWS_BYTES) : 0;
  const isWidened = QUANTIZED && c.weightType != WeightType.F32;
  const panel = max<u64>(2 * f32PanelBytes(depth) + 16, q8ScratchBytes(depth));
  s.panel = isWidened ? allocate(panel) : 0;
  s.tableRows = isWidened ? allocate(2 * rowBytes(max(c.hidden, c.embedding))) : 0;
}
