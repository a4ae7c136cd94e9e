/** Elementwise loops over one row of `count` floats, `count` a multiple of 4 unless said otherwise. */
import { lanes } from '../simd/lanes';

/** to = x * scale + shift: NoNorm. `to` may be `x`. */
export function f32ScaleShift(to: usize, x: usize, scale: usize, shift: usize, count: i32): void {
  const bytes = (<usize>count) << 2;
  for (let i: usize = 0; i < bytes; i += 16) {
    v128.store(to + i, lanes.madd(v128.load(x + i), v128.load(scale + i), v128.load(shift + i)));
  }
}

/** to = x * factor. Whole vectors are written: up to 3 floats past any `count`. `to` may be `x`. */
export function f32Scale(to: usize, x: usize, factor: f32, count: i32): void {
  const bytes = (<usize>count) << 2;
  const splat = f32x4.splat(factor);
  for (let i: usize = 0; i < bytes; i += 16) {
    v128.store(to + i, f32x4.mul(v128.load(x + i), splat));
  }
}

/** to = a * b; all are read and written in whole vectors. `to` may be `a`. */
export function f32Multiply(to: usize, a: usize, b: usize, count: i32): void {
  const bytes = (<usize>count) << 2;
  for (let i: usize = 0; i < bytes; i += 16) {
    v128.store(to + i, f32x4.mul(v128.load(a + i), v128.load(b + i)));
  }
}

/** to = a + b for any `count`; both are read and `to` is written in whole vectors. */
export function f32Add(to: usize, a: usize, b: usize, count: i32): void {
  const bytes = (<usize>count) << 2;
  for (let i: usize = 0; i < bytes; i += 16) {
    v128.store(to + i, f32x4.add(v128.load(a + i), v128.load(b + i)));
  }
}
