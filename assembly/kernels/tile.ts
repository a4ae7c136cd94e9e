/** What the tiles of gemm-f32.ts and gemm-int.ts share: how rows are split, and the epilogue. */
import { lanes } from '../simd/lanes';
import { NR } from '../simd/units';

/**
 * Bytes of one k-step of a panel, and of one panel's columns in a row of C: NR lanes of 32 bits.
 */
export const NR_BYTES: usize = NR * sizeof<f32>();

/** What follows the sums of a tile, in this order. Bits; always a literal at the call. */
export const enum Epilogue {
  None = 0,
  /** max(c, 0); NaN stays NaN */
  Relu = 1,
  /** c + residual, which has the shape and the stride of C */
  Residual = 2,
  /** c * scale + shift for each column: NoNorm */
  ScaleShift = 4,
  /** c * scale for each row: 1 / sum of the softmax */
  RowScale = 8,
}

/**
 * Rows of the next tile when `rows` are left and a full tile has `size`. The last rows are split
 * into tiles of 3 to 5 rows where possible. A tile of one row takes as long as a tile of three,
 * because each step of its two sums waits for the step before.
 */
export function nextTile(rows: i32, size: i32): i32 {
  if (rows <= max(size, 5)) return rows;
  if (rows < size + 3) return rows - rows / 2;
  return size;
}

/**
 * How many of `rows` go over two panels at once: the one or two that tiles of six leave over, else
 * 0. With twice as many sums, fewer steps wait. Eight rows are faster as 6 + 2 than as 4 + 4.
 */
export function wideRows(rows: i32): i32 {
  const rest = rows % 6;
  return rest <= 2 ? rest : 0;
}

export abstract class tile {
  /** a * b + c, in one rounding where `mayFuse` (a literal) and the build fuses. */
  @inline static madd(mayFuse: bool, a: v128, b: v128, c: v128): v128 {
    return mayFuse ? lanes.madd(a, b, c) : f32x4.add(f32x4.mul(a, b), c);
  }

  /** Puts two vectors of one row of C through the epilogue and stores them. */
  // biome-ignore format: extents and strides together
  @inline static store(
    mayFuse: bool, epilogue: i32, c: usize, left: v128, right: v128, residual: usize, scale: usize, shift: usize,
  ): void {
    if (epilogue & Epilogue.Relu) {
      left = f32x4.pmax(left, f32x4.splat(0));
      right = f32x4.pmax(right, f32x4.splat(0));
    }
    if (epilogue & Epilogue.Residual) {
      left = f32x4.add(left, v128.load(residual));
      right = f32x4.add(right, v128.load(residual, 16));
    }
    if (epilogue & Epilogue.ScaleShift) {
      left = tile.madd(mayFuse, left, v128.load(scale), v128.load(shift));
      right = tile.madd(mayFuse, right, v128.load(scale, 16), v128.load(shift, 16));
    }
    if (epilogue & Epilogue.RowScale) {
      const factor = v128.load32_splat(scale);
      left = f32x4.mul(left, factor);
      right = f32x4.mul(right, factor);
    }
    v128.store(c, left);
    v128.store(c, right, 16);
  }
}
