/**
 * Rows of a product's tile. V8 has 15 registers for vectors: a fused tile of 6 rows takes 12 sums, two
 * of the panel and one splat; an unfused one needs another for the product, and gains nothing
 * past 4 rows (docs/kernels.md).
 */
export const TILE_ROWS: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 4;

/**
 * Four f32 lanes: the seam between kernels and the instruction set.
 * Here and in simd/math.ts only may a build's features be asked for.
 */
export abstract class lanes {
  /** a * b + c; one rounding in relaxed builds, two in the baseline. */
  @inline static madd(a: v128, b: v128, c: v128): v128 {
    return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(a, b, c) : f32x4.add(f32x4.mul(a, b), c);
  }

  /** Element `index` of a table made by `memory.data<f32>`, in all lanes: for constants inside loops. */
  @inline static constant(table: usize, index: i32 = 0): v128 {
    return v128.load32_splat(table + ((<usize>index) << 2));
  }

  /** Sum of the four lanes, pairwise. */
  @inline static sum(v: v128): f32 {
    const pairs = f32x4.add(v, v128.shuffle<f32>(v, v, 2, 3, 0, 1));
    return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
  }

  /** Largest of the four lanes. */
  @inline static max(v: v128): f32 {
    const pairs = f32x4.max(v, v128.shuffle<f32>(v, v, 2, 3, 0, 1));
    return max<f32>(f32x4.extract_lane(pairs, 0), f32x4.extract_lane(pairs, 1));
  }

  /** All bits set in lanes 0 .. count-1, none above. */
  @inline static first(count: i32): v128 {
    return i32x4.gt_s(i32x4.splat(count), i32x4(0, 1, 2, 3));
  }
}
