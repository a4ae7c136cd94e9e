/**
 * Ids [M] -> hidden [M,H] of one sequence. Sun et al. 2020 (arXiv:2004.02984): the embedding is cut
 * to 128 columns and a convolution of width three makes it 512 again. Mirrors MobileBertEmbeddings.
 */
import { Output } from '../abi';
import { f32Add } from '../kernels/rows';
import { Pass } from '../memory/layout';
import { embeddedInputs } from '../memory/weights';
import { linearResidualNorm } from '../ops/linear';
import { norm } from '../ops/norm';
import { copyRows, gatherTable, tableRow } from '../ops/rows';
import { f32s, rowBytes } from '../simd/units';

/**
 * Rows `from` .. `to - 1` of a sequence of S rows, whose first is row `first` of the chunk.
 */
export function embeddings(pass: Pass, first: i32, S: i32, from: i32, to: i32): void {
  const c = pass.config;
  const a = pass.activations;
  const w = pass.weights;
  const n = w.embeddingNorm;
  const rows = to - from;
  const row = <usize>(first + from);
  const trigram = a.trigram + row * rowBytes(embeddedInputs(c));
  const hidden = a.hidden + row * rowBytes(c.hidden);
  gatherTrigrams(pass, trigram, pass.chunk.firstRow + first, S, from, to); // [rows,3E] or [rows,E]
  gatherPositionsAndTypes(pass, hidden, pass.chunk.firstRow + first + from, rows); // [rows,H]
  // transformers skips the transformation where it would change neither width nor neighbourhood.
  if (c.trigram || c.embedding != c.hidden) {
    linearResidualNorm(pass, w.embeddingTransformation, n, hidden, trigram, rows, hidden);
  } else {
    f32Add(hidden, hidden, trigram, rows * <i32>(rowBytes(c.embedding) >> 2));
    norm(hidden, rows, n);
  }
}

/**
 * Trigrams are [next, self, previous], zeros past the ends of the sequence, whose first row is row
 * `first` of the request; without them the token alone.
 */
function gatherTrigrams(pass: Pass, trigram: usize, first: i32, S: i32, from: i32, to: i32): void {
  const c = pass.config;
  const rows = to - from;
  const inputs = embeddedInputs(c);
  const stride = rowBytes(inputs);
  const bytes = f32s(c.embedding);
  const self = c.trigram ? trigram + bytes : trigram;
  if (stride != f32s(inputs)) memory.fill(trigram, 0, <usize>rows * stride); // padding
  gatherWords(pass, self, stride, first + from, rows);
  if (!c.trigram) return;
  copyRows(trigram, stride, self + stride, stride, bytes, rows - 1);
  const next = trigram + <usize>(rows - 1) * stride;
  if (to < S) gatherWords(pass, next, stride, first + to, 1);
  else memory.fill(next, 0, bytes);
  const previous = trigram + 2 * bytes;
  copyRows(previous + stride, stride, self, stride, bytes, rows - 1);
  if (from > 0) gatherWords(pass, previous, stride, first + from - 1, 1);
  else memory.fill(previous, 0, bytes);
}

/** Embedded words of rows `first` .. of the request, `stride` apart. */
function gatherWords(pass: Pass, to: usize, stride: usize, first: i32, rows: i32): void {
  const bytes = f32s(pass.config.embedding);
  if (pass.request.outputs & Output.FromEmbeds) {
    const embeds = pass.buffers.inputsEmbeds + <usize>first * bytes;
    copyRows(to, stride, embeds, bytes, bytes, rows);
  } else {
    const ids = pass.buffers.inputIds + f32s(first);
    gatherTable(pass, pass.weights.wordEmbeddings, to, stride, ids, rows);
  }
}

/** position + token type; columns past H become zero. */
function gatherPositionsAndTypes(pass: Pass, hidden: usize, first: i32, S: i32): void {
  const c = pass.config;
  const w = pass.weights;
  const bytes = f32s(c.hidden);
  const stride = rowBytes(c.hidden);
  const positions = pass.buffers.positionIds + f32s(first);
  const types = pass.buffers.tokenTypeIds + f32s(first);
  const rows = pass.scratch.tableRows;
  for (let i: usize = 0; i < <usize>S; i++) {
    const position = tableRow(w.positionEmbeddings, load<u32>(positions + (i << 2)), rows);
    const type = tableRow(w.tokenTypeEmbeddings, load<u32>(types + (i << 2)), rows + stride);
    f32Add(hidden, position, type, c.hidden);
    memory.fill(hidden + bytes, 0, stride - bytes);
    hidden += stride;
  }
}
