/**
 * Attention's two products of one head in f32: keys and values are packed as f32 panels, the
 * additive mask is the bias of the first product, the softmax' 1/sum the epilogue of the second.
 */
import { f32GemmNr8, f32GemmRowScaleNr8 } from '../kernels/gemm-f32';
import { f32PackColumns, f32PackRows } from '../kernels/pack-f32';
import { Scratch } from '../memory/layout';
import { f32PanelBytes, NR, rowBytes } from '../simd/units';

/** Keys [S,D] -> panels [S/8][mask 8][D][8], which have their masks. */
export function f32Keys(s: Scratch, key: usize, stride: usize, S: i32, D: i32): void {
  f32PackRows(s.keyPanels + 32, f32PanelBytes(D), 0, key, stride, S, D);
}

/** Values [S,D] -> panels [D/8][zeros 8][S][8]. */
export function f32Values(s: Scratch, value: usize, stride: usize, S: i32, D: i32): void {
  const panel = f32PanelBytes(S);
  const whole = D / NR;
  if (D % NR) memory.fill(s.valuePanels + <usize>whole * panel, 0, panel);
  for (let p = 0; p < whole; p++) memory.fill(s.valuePanels + <usize>p * panel, 0, 32);
  f32PackColumns(s.valuePanels + 32, panel, value, stride, S, D);
}

/** scores [rows,S] = query rows x keys + mask */
export function f32Scores(
  s: Scratch,
  query: usize,
  stride: usize,
  rows: i32,
  S: i32,
  D: i32,
): void {
  const bytes = rowBytes(S);
  const ahead = changetype<usize>(s.prefetch);
  let panel = s.keyPanels;
  for (let column: usize = 0; column < bytes; column += 32) {
    f32GemmNr8(s.scores + column, bytes, query, stride, panel, 0, rows, D, ahead);
    panel += f32PanelBytes(D);
  }
}

/** context [rows,D] = powers x values / sums */
export function f32Context(
  s: Scratch,
  context: usize,
  contextStride: usize,
  rows: i32,
  S: i32,
  D: i32,
): void {
  const bytes = rowBytes(D);
  const scoreBytes = rowBytes(S);
  let panel = s.valuePanels;
  for (let column: usize = 0; column < bytes; column += 32) {
    const to = context + column;
    f32GemmRowScaleNr8(to, contextStride, s.scores, scoreBytes, panel, rows, S, s.inverseSums);
    panel += f32PanelBytes(S);
  }
}
