/**
 * Attention's second product of one head in bytes, for q8-fast: powers 0 .. 255 of a row's largest,
 * which is 1, and values -127 .. 127 with one scale a column (docs/kernels.md).
 */
import { q8PackColumns } from '../kernels/q8-columns';
import { q8PanelBytes } from '../kernels/q8-panel';
import { q8Depth, q8RoundMagnitudes } from '../kernels/q8-rows';
import { q8GemmNr8 } from '../kernels/qd-f32-qc8w-gemm-nr8';
import { Activations, NR, f32s, roundUp8, rowBytes } from '../memory/layout';

/** Columns of one product: MobileBERT's head. */
const COLUMNS: i32 = 32;
/** What their sums start from: powers have no sign. */
const STARTS = memory.data(sizeof<i32>() * COLUMNS, 16);

/** Values [S,D] -> panels [D/8][zeros 8][scale 8][S/4][8][4]. */
export function q8Values(value: usize, stride: usize, S: i32, D: i32, a: Activations): void {
  q8PackColumns(a.valuePanels, value, stride, S, D);
}

/** context [rows,D] = powers x values / sums */
export function q8Context(context: usize, rows: i32, S: i32, D: i32, a: Activations): void {
  const bytes = <usize>q8Depth(S);
  let to = a.quantized;
  let powers = a.scores;
  for (let row = 0; row < rows; row++, to += bytes, powers += rowBytes(S)) {
    q8RoundMagnitudes(to, powers, S, 255);
    store<f32>(a.rowScales + f32s(row), load<f32>(a.inverseSums + f32s(row)) / 255);
  }
  let panel = a.valuePanels;
  for (let n = 0; n < D; n += COLUMNS) {
    const columns = min(COLUMNS, roundUp8(D - n));
    q8GemmNr8(
      context + f32s(n),
      a.contextBytes,
      a.quantized,
      bytes,
      a.rowScales,
      panel,
      rows,
      columns,
      S,
      1,
      STARTS,
      0,
    );
    panel += <usize>(COLUMNS / NR) * q8PanelBytes(S);
  }
}
