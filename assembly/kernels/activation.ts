/**
 * Activations of transformers' ACT2FN that MobileBERT configurations name, in place over whole
 * vectors. After a product, ReLU is part of the epilogue; here it serves where no product comes
 * before.
 */
import { Activation } from '../abi';
import { lanes } from '../simd/lanes';
import { math } from '../simd/math';
import { f32s } from '../simd/units';

const HALF = memory.data<f32>([0.5]);
const SQRT_HALF = memory.data<f32>([0.7071067811865476]);
const SQRT_2_OVER_PI = memory.data<f32>([0.7978845608028654]);
const CUBIC = memory.data<f32>([0.044715]);

/** x [count] -> activation(x); `count` is a multiple of 4. */
export function f32Activation(x: usize, count: i32, activation: Activation): void {
  if (activation == Activation.Gelu) activate.each(Activation.Gelu, x, count);
  else if (activation == Activation.Silu) activate.each(Activation.Silu, x, count);
  else if (activation == Activation.GeluNew) activate.each(Activation.GeluNew, x, count);
  else if (activation == Activation.Tanh) activate.each(Activation.Tanh, x, count);
  else activate.each(Activation.Relu, x, count);
}

abstract class activate {
  @inline static each(activation: Activation, x: usize, count: i32): void {
    const end = x + f32s(count);
    for (let p = x; p < end; p += 16) {
      const v = v128.load(p);
      if (activation == Activation.Gelu) v128.store(p, activate.gelu(v));
      else if (activation == Activation.Silu) v128.store(p, f32x4.mul(v, math.sigmoid(v)));
      else if (activation == Activation.GeluNew) v128.store(p, activate.geluNew(v));
      else if (activation == Activation.Tanh) v128.store(p, math.tanh(v));
      else v128.store(p, f32x4.pmax(v, f32x4.splat(0)));
    }
  }

  /** x / 2 * (1 + erf(x / sqrt 2)) */
  @inline static gelu(v: v128): v128 {
    const half = f32x4.mul(v, lanes.constant(HALF));
    return lanes.madd(half, math.erf(f32x4.mul(v, lanes.constant(SQRT_HALF))), half);
  }

  /** x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))) */
  @inline static geluNew(v: v128): v128 {
    const half = f32x4.mul(v, lanes.constant(HALF));
    const cube = f32x4.mul(f32x4.mul(v, v), f32x4.mul(v, lanes.constant(CUBIC)));
    const inner = f32x4.mul(f32x4.add(v, cube), lanes.constant(SQRT_2_OVER_PI));
    return lanes.madd(half, math.tanh(inner), half);
  }
}
