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

/** Rows `first` .. `first + S - 1` of the request -> `hidden` [S,H]. */
export function embeddings(pass: Pass, hidden: usize, first: i32, S: i32): void {
  const c = pass.config;
  const w = pass.weights;
  const trigram = pass.activations.trigram;
  const n = w.embeddingNorm;
  gatherTrigrams(pass, first, S); // [S,3E] or [S,E]
  gatherPositionsAndTypes(pass, hidden, first, S); // [S,H]
  // transformers skips the transformation where it would change neither width nor neighbourhood.
  if (c.trigram || c.embedding != c.hidden) {
    linearResidualNorm(pass, w.embeddingTransformation, n, hidden, trigram, S, hidden);
  } else {
    f32Add(hidden, hidden, trigram, S * <i32>(rowBytes(c.embedding) >> 2));
    norm(hidden, S, n);
  }
}

/** Trigrams are [next, self, previous], zeros past the ends; without them the token alone. */
function gatherTrigrams(pass: Pass, first: i32, S: i32): void {
  const c = pass.config;
  const trigram = pass.activations.trigram;
  const inputs = embeddedInputs(c);
  const stride = rowBytes(inputs);
  const bytes = f32s(c.embedding);
  const self = c.trigram ? trigram + bytes : trigram;
  if (stride != f32s(inputs)) memory.fill(trigram, 0, <usize>S * stride); // padding
  if (pass.request.outputs & Output.FromEmbeds) {
    const embeds = pass.buffers.inputsEmbeds + <usize>first * bytes;
    copyRows(self, stride, embeds, bytes, bytes, S);
  } else {
    const ids = pass.buffers.inputIds + f32s(first);
    gatherTable(pass, pass.weights.wordEmbeddings, self, stride, ids, S);
  }
  if (!c.trigram) return;
  const last = trigram + <usize>(S - 1) * stride;
  copyRows(trigram, stride, self + stride, stride, bytes, S - 1);
  memory.fill(last, 0, bytes);
  copyRows(trigram + 2 * bytes + stride, stride, self, stride, bytes, S - 1);
  memory.fill(trigram + 2 * bytes, 0, bytes);
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
