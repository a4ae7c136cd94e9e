/** Elementwise loops over one row of `count` f32, read and written in whole vectors. */
import { lanes } from '../simd/lanes';
import { f32s } from '../simd/units';

/** to = x * scale + shift: NoNorm. `count` is a multiple of 4. `to` may be `x`. */
export function f32ScaleShift(to: usize, x: usize, scale: usize, shift: usize, count: i32): void {
  const bytes = f32s(count);
  for (let i: usize = 0; i < bytes; i += 16) {
    v128.store(to + i, lanes.madd(v128.load(x + i), v128.load(scale + i), v128.load(shift + i)));
  }
}

/** to = x * factor, and up to 3 floats behind `count`. `to` may be `x`. */
export function f32Scale(to: usize, x: usize, factor: f32, count: i32): void {
  const bytes = f32s(count);
  const splat = f32x4.splat(factor);
  for (let i: usize = 0; i < bytes; i += 16) {
    v128.store(to + i, f32x4.mul(v128.load(x + i), splat));
  }
}

/**
 * to = x + column * factor, rounded twice in every build. `count` is a multiple of 4. `to` may be
 * `x`.
 */
export function f32AddScaled(to: usize, x: usize, column: usize, factor: f32, count: i32): void {
  const bytes = f32s(count);
  const splat = f32x4.splat(factor);
  for (let i: usize = 0; i < bytes; i += 16) {
    v128.store(to + i, f32x4.add(v128.load(x + i), f32x4.mul(v128.load(column + i), splat)));
  }
}

/** to = a * b, and up to 3 floats behind `count`. `to` may be `a`. */
export function f32Multiply(to: usize, a: usize, b: usize, count: i32): void {
  const bytes = f32s(count);
  for (let i: usize = 0; i < bytes; i += 16) {
    v128.store(to + i, f32x4.mul(v128.load(a + i), v128.load(b + i)));
  }
}

/** to = a + b, and up to 3 floats behind `count`. `to` may be `a`. */
export function f32Add(to: usize, a: usize, b: usize, count: i32): void {
  const bytes = f32s(count);
  for (let i: usize = 0; i < bytes; i += 16) {
    v128.store(to + i, f32x4.add(v128.load(a + i), v128.load(b + i)));
  }
}
