/**
 * Panels of eight columns of 8-bit weights, as they are kept:
 *
 *   | bias 0..7 f32 | scale 0..7 f32 | k=0..3: column 0, .. column 7 | k=4..7: ... |
 *
 * 64 bytes and 8 for each of K depths, padded with zeros to a multiple of 16. Four depths of a column
 * lie together, which a relaxed dot product reads as they are; a build without widens one panel
 * into scratch, where the sums of words read it: once for all rows.
 */
import { DOT_DEPTHS } from '../simd/build';
import { q8Depth } from './q8-rows';

/** Bytes in front of a panel's weights. */
const HEAD: usize = 64;

/** Bytes of one panel. */
export function q8PanelBytes(depth: i32): usize {
  return HEAD + ((<usize>q8Depth(depth)) << 3);
}

/** Bytes that `q8OpenPanel` needs. */
export function q8ScratchBytes(depth: i32): usize {
  return DOT_DEPTHS == 2 ? (<usize>q8Depth(depth)) << 4 : 0;
}

/** Where weight (k, lane) of a panel lies. */
export function q8Weight(panel: usize, k: i32, lane: i32): usize {
  return panel + HEAD + ((<usize>(k >> 2)) << 5) + <usize>((lane << 2) | (k & 3));
}

/** Address of a panel's weights as the build's tile reads them: where they lie, or in `scratch`. */
export function q8OpenPanel(panel: usize, depth: i32, scratch: usize): usize {
  const weights = panel + HEAD;
  if (DOT_DEPTHS == 4) return weights;
  widen(scratch, weights, weights + ((<usize>q8Depth(depth)) << 3));
  return scratch;
}

/**
 * Sums [8 i32] that a tile starts from where relaxed dot products read signed rows as bytes + 128: -128
 * times the sum of each column.
 */
export function q8Starts(to: usize, panel: usize, depth: i32): void {
  let weights = panel + HEAD;
  const end = weights + ((<usize>q8Depth(depth)) << 3);
  let left = i32x4.splat(0);
  let right = i32x4.splat(0);
  for (; weights < end; weights += 32) {
    const a = i16x8.extadd_pairwise_i8x16_s(v128.load(weights));
    const b = i16x8.extadd_pairwise_i8x16_s(v128.load(weights, 16));
    left = i32x4.add(left, i32x4.extadd_pairwise_i16x8_s(a));
    right = i32x4.add(right, i32x4.extadd_pairwise_i16x8_s(b));
  }
  v128.store(to, i32x4.neg(i32x4.shl(left, 7)));
  v128.store(to, i32x4.neg(i32x4.shl(right, 7)), 16);
}

/** Four depths of eight columns -> pairs of words of eight columns, twice. */
function widen(to: usize, weights: usize, end: usize): void {
  for (; weights < end; weights += 32, to += 64) {
    // Columns 0-3 and 4-7, bytes c0k0 c0k1 c0k2 c0k3 c1k0 ..: depths 0 and 1 of all columns, then 2 and 3.
    const a = v128.load(weights);
    const b = v128.load(weights, 16);
    const first = v128.shuffle<i16>(a, b, 0, 2, 4, 6, 8, 10, 12, 14);
    const second = v128.shuffle<i16>(a, b, 1, 3, 5, 7, 9, 11, 13, 15);
    v128.store(to, i16x8.extend_low_i8x16_s(first));
    v128.store(to, i16x8.extend_high_i8x16_s(first), 16);
    v128.store(to, i16x8.extend_low_i8x16_s(second), 32);
    v128.store(to, i16x8.extend_high_i8x16_s(second), 48);
  }
}
