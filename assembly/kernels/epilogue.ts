/** What happens to a tile on its way out, in this order. Bits; always a literal at the call. */
export const enum Epilogue {
  None = 0,
  /** max(c, 0), NaN stays NaN */
  Relu = 1,
  /** c + residual, which has C's shape and stride */
  Residual = 2,
  /** c * scale + shift per column: NoNorm */
  ScaleShift = 4,
  /** c * scale per row: the softmax' 1/sum */
  RowScale = 8,
}
