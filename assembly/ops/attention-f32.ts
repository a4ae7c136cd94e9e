/**
 * Attention's two products of one head in f32: keys and values are packed as the panels of
 * f32-gemm-nr8.ts, the additive mask is the bias of the first, the softmax' 1/sum the epilogue of the second.
 */
import { f32GemmNr8, f32GemmRowScaleNr8 } from '../kernels/f32-gemm-nr8';
import { f32PackColumns, f32PackRows } from '../kernels/f32-pack-nr8';
import { Activations, panelBytes, rowBytes } from '../memory/layout';

/** Keys [S,D] -> panels [S/8][mask 8][D][8], which have their masks. */
export function f32Keys(key: usize, stride: usize, S: i32, D: i32, a: Activations): void {
  f32PackRows(a.keyPanels + 32, panelBytes(D), 0, key, stride, S, D);
}

/** Values [S,D] -> panels [D/8][zeros 8][S][8]. */
export function f32Values(value: usize, stride: usize, S: i32, D: i32, a: Activations): void {
  const panel = panelBytes(S);
  if (D & 7) memory.fill(a.valuePanels + <usize>(D >> 3) * panel, 0, panel);
  for (let p = 0; p < D >> 3; p++) memory.fill(a.valuePanels + <usize>p * panel, 0, 32);
  f32PackColumns(a.valuePanels + 32, panel, value, stride, S, D);
}

/** scores [rows,S] = query rows x keys + mask */
export function f32Scores(
  query: usize,
  stride: usize,
  rows: i32,
  S: i32,
  D: i32,
  a: Activations,
): void {
  const bytes = rowBytes(S);
  let panel = a.keyPanels;
  for (let column: usize = 0; column < bytes; column += 32) {
    f32GemmNr8(a.scores + column, bytes, query, stride, panel, 0, rows, D);
    panel += panelBytes(D);
  }
}

/** context [rows,D] = powers x values / sums */
export function f32Context(context: usize, rows: i32, S: i32, D: i32, a: Activations): void {
  const bytes = rowBytes(D);
  const scoreBytes = rowBytes(S);
  let panel = a.valuePanels;
  for (let column: usize = 0; column < bytes; column += 32) {
    const to = context + column;
    f32GemmRowScaleNr8(to, a.contextBytes, a.scores, scoreBytes, panel, rows, S, a.inverseSums);
    panel += panelBytes(S);
  }
}
