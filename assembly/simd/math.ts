/**
 * Vector maths on four f32 lanes. Bounds are largest errors over the stated range, in units in the
 * last place (ulp), held by test/assembly/simd/math.test.ts. Coefficients are minimax fits by
 * tools/train/fit-math.py, highest degree first; each table names the interval and the fit's own
 * error.
 *
 * Constants lie in memory. V8 would make a literal vector at every use, in four instructions, which
 * costs a fifth of the softmax. Minima and maxima are pmin and pmax, which are one instruction
 * each; min and max are seven. `f32x4.pmax(x, limit)` keeps a NaN of x.
 */
import { lanes } from './lanes';

const ONE = memory.data<f32>([1.0]);
const TWO = memory.data<f32>([2.0]);
/** log2(e) */
const LOG2E = memory.data<f32>([1.44269504088896341]);
/** -ln 2 in two parts: the high one ends in zeros, so that n times it is exact for |n| < 2^9. */
const MINUS_LN2_HIGH = memory.data<f32>([-0.693359375]);
const MINUS_LN2_LOW = memory.data<f32>([2.12194440054690583e-4]);
/**
 * 1.5 * 2^23 + 127: adding it rounds to the nearest integer n and leaves n + 127 in the low bits.
 * Shifted to the place of the exponent, they are the f32 2^n: 0 for n = -127, Infinity for n = 128.
 */
const ROUND = memory.data<f32>([12583039.0]);

/** The lowest t: n = -127, whose power is 0. */
const EXP2_LOWEST = memory.data<f32>([-127.0]);
/** 2^f = 1 + f P(f) on [-0.5, 0.5]: 9.1e-8. */
const EXP2 = memory.data<f32>([
  0.001326472731307149, 0.009671512991189957, 0.05550733581185341, 0.24022242426872253,
  0.6931470036506653,
]);

/** Bounds of x, wide enough for n = -127 and n = 128. */
const EXP_LOWEST = memory.data<f32>([-88.0]);
const EXP_HIGHEST = memory.data<f32>([89.0]);
/** e^r = 1 + r + r^2 P(r) on +-ln2/2: 3.1e-9. */
const EXP = memory.data<f32>([
  0.001381461275741458, 0.008368710055947304, 0.04166838899254799, 0.1666652113199234,
  0.4999999403953552,
]);

const TANH_NEAR = memory.data<f32>([0.625]);
/** tanh x = x + x^3 P(x^2) on [0, 0.625]: 4.4e-9. */
const TANH = memory.data<f32>([
  -0.005704987328499556, 0.0206390880048275, -0.05373971536755562, 0.13331441581249237,
  -0.3333328068256378,
]);

/** erf x = x + x P(x^2) on [0, 1]: 1.2e-9. */
const ERF = memory.data<f32>([
  7.853906572563574e-5, -0.0008010208257474005, 0.005188329610973597, -0.026853812858462334,
  0.1128358542919159, -0.3761262595653534, 0.12837916612625122,
]);
/** From here on, erf rounds to 1. */
const ERF_ONE = memory.data<f32>([4.0]);
/** ln erfc x on [1, 4]: 1.1e-9 of erf. */
const LN_ERFC = memory.data<f32>([
  0.00018637925677467138, -0.0029476589988917112, 0.02183806709945202, -0.10310675948858261,
  -0.638144850730896, -1.1270891427993774, -0.0003415223036427051,
]);

export abstract class math {
  /**
   * 2^t for t <= 0: 2.3 ulp on [-126, 0], less than 2^-126 below. Below -126.5 it is exactly 0, so
   * that masked scores weigh nothing. NaN for NaN.
   */
  @inline static exp2OfNonPositive(t: v128): v128 {
    const clamped = f32x4.pmax(t, lanes.constant(EXP2_LOWEST));
    const shifted = f32x4.add(clamped, lanes.constant(ROUND));
    const f = f32x4.sub(clamped, f32x4.sub(shifted, lanes.constant(ROUND)));
    let p = lanes.constant(EXP2);
    p = lanes.madd(p, f, lanes.constant(EXP2, 1));
    p = lanes.madd(p, f, lanes.constant(EXP2, 2));
    p = lanes.madd(p, f, lanes.constant(EXP2, 3));
    p = lanes.madd(p, f, lanes.constant(EXP2, 4));
    p = lanes.madd(p, f, lanes.constant(ONE));
    // A product keeps NaN, which a sum of exponents would not.
    return f32x4.mul(p, i32x4.shl(shifted, 23));
  }

  /**
   * e^x: 1.2 ulp on [-87.33, 88.37], 0 below -87.68, Infinity above 88.37, NaN for NaN. The
   * reduction by multiples of ln 2 takes two steps.
   */
  @inline static exp(x: v128): v128 {
    const raised = f32x4.pmax(x, lanes.constant(EXP_LOWEST));
    const clamped = f32x4.pmin(raised, lanes.constant(EXP_HIGHEST));
    const shifted = lanes.madd(clamped, lanes.constant(LOG2E), lanes.constant(ROUND));
    const n = f32x4.sub(shifted, lanes.constant(ROUND));
    let r = lanes.madd(n, lanes.constant(MINUS_LN2_HIGH), clamped);
    r = lanes.madd(n, lanes.constant(MINUS_LN2_LOW), r);
    let p = lanes.constant(EXP);
    p = lanes.madd(p, r, lanes.constant(EXP, 1));
    p = lanes.madd(p, r, lanes.constant(EXP, 2));
    p = lanes.madd(p, r, lanes.constant(EXP, 3));
    p = lanes.madd(p, r, lanes.constant(EXP, 4));
    p = lanes.madd(p, r, lanes.constant(ONE));
    p = lanes.madd(p, r, lanes.constant(ONE));
    return f32x4.mul(p, i32x4.shl(shifted, 23));
  }

  /** 1 / (1 + e^-x): 2.5 ulp on [-87.33, 88.37], 0 below -88.37. */
  @inline static sigmoid(x: v128): v128 {
    const one = lanes.constant(ONE);
    return f32x4.div(one, f32x4.add(one, math.exp(f32x4.neg(x))));
  }

  /**
   * tanh x: 1.4 ulp everywhere. From 0.625 on it is 1 - 2 / (e^2|x| + 1), which would lose digits
   * to cancellation nearer to 0.
   */
  @inline static tanh(x: v128): v128 {
    const z = f32x4.mul(x, x);
    let p = lanes.constant(TANH);
    p = lanes.madd(p, z, lanes.constant(TANH, 1));
    p = lanes.madd(p, z, lanes.constant(TANH, 2));
    p = lanes.madd(p, z, lanes.constant(TANH, 3));
    p = lanes.madd(p, z, lanes.constant(TANH, 4));
    const size = f32x4.abs(x);
    const near = lanes.madd(f32x4.mul(size, z), p, size);

    const one = lanes.constant(ONE);
    const e = math.exp(f32x4.add(size, size));
    const far = f32x4.sub(one, f32x4.div(lanes.constant(TWO), f32x4.add(e, one)));
    const isNear = f32x4.lt(size, lanes.constant(TANH_NEAR));
    return math.copySign(v128.bitselect(near, far, isNear), x, size);
  }

  /** erf x: 1.5 ulp everywhere. From 1 on it is 1 - e^(ln erfc |x|). */
  @inline static erf(x: v128): v128 {
    const z = f32x4.mul(x, x);
    let p = lanes.constant(ERF);
    p = lanes.madd(p, z, lanes.constant(ERF, 1));
    p = lanes.madd(p, z, lanes.constant(ERF, 2));
    p = lanes.madd(p, z, lanes.constant(ERF, 3));
    p = lanes.madd(p, z, lanes.constant(ERF, 4));
    p = lanes.madd(p, z, lanes.constant(ERF, 5));
    p = lanes.madd(p, z, lanes.constant(ERF, 6));
    const size = f32x4.abs(x);
    const near = lanes.madd(size, p, size);

    const t = f32x4.pmin(size, lanes.constant(ERF_ONE));
    let q = lanes.constant(LN_ERFC);
    q = lanes.madd(q, t, lanes.constant(LN_ERFC, 1));
    q = lanes.madd(q, t, lanes.constant(LN_ERFC, 2));
    q = lanes.madd(q, t, lanes.constant(LN_ERFC, 3));
    q = lanes.madd(q, t, lanes.constant(LN_ERFC, 4));
    q = lanes.madd(q, t, lanes.constant(LN_ERFC, 5));
    q = lanes.madd(q, t, lanes.constant(LN_ERFC, 6));
    const one = lanes.constant(ONE);
    const far = f32x4.sub(one, math.exp(q));
    return math.copySign(v128.bitselect(near, far, f32x4.lt(size, one)), x, size);
  }

  /** `magnitude`, which is not negative, with the sign of x, whose size is `size`. */
  @inline static copySign(magnitude: v128, x: v128, size: v128): v128 {
    return v128.or(magnitude, v128.xor(x, size));
  }
}
