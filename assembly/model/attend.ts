/** The phase of a block in which rows see each other: attention, which never crosses sequences. */
import { Output } from '../abi';
import { Chunk, keysOf, Pass, valuesOf } from '../memory/layout';
import { attention } from '../ops/attention';
import { f32s, rowBytes } from '../simd/units';

/**
 * Queries `first` .. `end - 1` of the chunk, with the keys and values of their sequences -> context. Where
 * `isSelected`, queries are the selected rows, otherwise all rows of the chunk.
 */
export function attend(pass: Pass, layer: i32, first: i32, end: i32, isSelected: bool): void {
  const c = pass.chunk;
  const a = pass.activations;
  const T = rowBytes(pass.config.bottleneck);
  const key = keysOf(a, layer);
  const value = valuesOf(a, layer);
  let probabilities = probabilitiesAt(pass, layer);
  let row = 0; // the sequence's first
  let query = 0; // the sequence's first
  for (let i = 0; i < c.sequences && query < end; i++) {
    const S = load<i32>(c.lengths + f32s(i));
    const Q = isSelected ? countSelected(c, query, c.firstRow + row + S) : S;
    const from = max(first, query);
    const count = min(end, query + Q) - from;
    if (count > 0) {
      attention(
        pass,
        a.context + <usize>from * a.contextStride,
        a.query + <usize>from * T,
        key + <usize>row * T,
        value + <usize>row * T,
        c.mask + f32s(row),
        count,
        S,
        probabilities ? probabilities + <usize>(from - query) * f32s(S) : 0,
      );
    }
    if (probabilities) probabilities += <usize>pass.config.heads * <usize>S * f32s(S);
    row += S;
    query += Q;
  }
}

/**
 * How many of the chunk's selected rows, from the `from`th on, lie before row `end` of the request.
 */
function countSelected(c: Chunk, from: i32, end: i32): i32 {
  let to = from;
  while (to < c.queries && load<i32>(c.selection + f32s(to)) < end) to++;
  return to - from;
}

/** Where the attentions [A,S,S] of the chunk's sequences go; 0 where nobody asks. */
function probabilitiesAt(pass: Pass, layer: i32): usize {
  const r = pass.request;
  if (!(r.outputs & Output.Attentions)) return 0;
  const first = <usize>layer * <usize>r.scores + pass.chunk.firstScore;
  return pass.buffers.attentions + ((first * <usize>pass.config.heads) << 2);
}
