/**
 * Ids [M] -> hidden [M,H] of one sequence. Sun et al. 2020 (arXiv:2004.02984): the embedding is cut
 * to 128 columns and a convolution of width three makes it 512 again. Mirrors MobileBertEmbeddings.
 */
import { Output } from '../abi';
import { f32Add } from '../kernels/f32-rows';
import { f32s, rowBytes } from '../memory/layout';
import { config, embeddedInputs, weights } from '../memory/plan';
import { activations } from '../memory/request';
import { linearResidualNorm } from '../ops/linear';
import { norm } from '../ops/norm';
import { copyRows, gatherTable, tableRow } from '../ops/rows';

/** Rows `first` .. `first + S - 1` of the request -> `hidden` [S,H]. */
export function embeddings(hidden: usize, first: i32, S: i32, outputs: i32): void {
  const words = activations.words;
  const stride = rowBytes(embeddedInputs());
  const n = weights.embeddingNorm;
  gatherWords(words, stride, first, S, outputs); // [S,3E] or [S,E]
  gatherPositionsAndTypes(hidden, first, S); // [S,H]
  // transformers skips the transformation where it would change neither width nor neighbourhood.
  if (config.trigram || config.embedding != config.hidden) {
    linearResidualNorm(hidden, words, stride, S, weights.embeddingTransformation, hidden, n);
  } else {
    f32Add(hidden, hidden, words, S * <i32>(stride >> 2));
    norm(hidden, S, n);
  }
}

/** Trigrams are [next, self, previous], zeros past the ends; without them the token alone. */
function gatherWords(words: usize, stride: usize, first: i32, S: i32, outputs: i32): void {
  const bytes = f32s(config.embedding);
  const self = config.trigram ? words + bytes : words;
  if (stride != f32s(embeddedInputs())) memory.fill(words, 0, <usize>S * stride); // padding
  if (outputs & Output.FromEmbeds) {
    copyRows(self, stride, activations.inputsEmbeds + <usize>first * bytes, bytes, bytes, S);
  } else {
    const ids = activations.inputIds + f32s(first);
    gatherTable(self, stride, weights.wordEmbeddings, ids, S);
  }
  if (config.trigram) {
    const last = words + <usize>(S - 1) * stride;
    copyRows(words, stride, self + stride, stride, bytes, S - 1);
    memory.fill(last, 0, bytes);
    copyRows(words + 2 * bytes + stride, stride, self, stride, bytes, S - 1);
    memory.fill(words + 2 * bytes, 0, bytes);
  }
}

/** position + token type; columns past H become zero. */
function gatherPositionsAndTypes(hidden: usize, first: i32, S: i32): void {
  const bytes = f32s(config.hidden);
  const stride = rowBytes(config.hidden);
  const positions = activations.positionIds + f32s(first);
  const types = activations.tokenTypeIds + f32s(first);
  for (let i: usize = 0; i < <usize>S; i++) {
    const position = tableRow(weights.positionEmbeddings, load<u32>(positions + (i << 2)));
    const type = tableRow(weights.tokenTypeEmbeddings, load<u32>(types + (i << 2)));
    f32Add(hidden, position, type, config.hidden);
    memory.fill(hidden + bytes, 0, stride - bytes);
    hidden += stride;
  }
}
