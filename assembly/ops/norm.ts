/** Norms that follow no product: over padded rows, in place. */
import { NormKind } from '../abi';
import { f32LayerNormRow } from '../kernels/layernorm';
import { f32ScaleShift } from '../kernels/rows';
import { Norm } from '../memory/layout';
import { roundUp8, rowBytes } from '../simd/units';

/** x [M,N] -> NoNorm or LayerNorm of each row */
export function norm(x: usize, rows: i32, n: Norm): void {
  if (n.kind == NormKind.LayerNorm) {
    layerNorm(x, rows, n);
    return;
  }
  const bytes = rowBytes(n.size);
  for (let row = 0; row < rows; row++) {
    f32ScaleShift(x, x, n.scale, n.shift, roundUp8(n.size));
    x += bytes;
  }
}

/** x [M,N] -> LayerNorm of each row */
export function layerNorm(x: usize, rows: i32, n: Norm): void {
  const bytes = rowBytes(n.size);
  for (let row = 0; row < rows; row++) {
    f32LayerNormRow(x, n.scale, n.shift, n.size, n.epsilon);
    x += bytes;
  }
}
