/**
 * Four columns of f32 rows that are quantised on the way into a product, one scale each: attention's
 * values (q16-panel.ts, q8-columns.ts).
 */
import { SMALLEST } from './f32-row-range';

export abstract class columns {
  /** Bits of the largest magnitudes of `rows`, `stride` bytes apart; NaN and infinities come last. */
  @inline static largest(from: usize, stride: usize, rows: i32): v128 {
    let most = i32x4.splat(0);
    for (const end = from + <usize>rows * stride; from < end; from += stride) {
      most = i32x4.max_s(most, f32x4.abs(v128.load(from)));
    }
    return most;
  }

  /**
   * Stores what takes whole numbers up to `limit` back: NaN where `most` is NaN or infinite. Returns what
   * takes numbers to whole ones, 0 for columns that have none.
   */
  @inline static scale(to: usize, most: v128, limit: f32): v128 {
    const isFinite = f32x4.lt(most, f32x4.splat(Infinity));
    const scale = f32x4.div(most, f32x4.splat(limit));
    v128.store(to, v128.bitselect(scale, f32x4.splat(NaN), isFinite));
    const isUsed = v128.and(isFinite, f32x4.ge(most, f32x4.splat(SMALLEST)));
    return v128.and(f32x4.div(f32x4.splat(limit), most), isUsed);
  }
}
