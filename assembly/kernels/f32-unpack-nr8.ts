/**
 * Panels of eight columns taken apart again: the way back of f32-pack-nr8.ts, for saving. Plain
 * loops: a model is saved once, and reading strided panels is what takes the time.
 */

/** Bytes of one k-step of a panel. */
const STEP: usize = 32;

/** Lanes `column` .. `column + rows - 1`, `depth` deep from `from` (of panel 0), to dense rows. */
export function f32UnpackRows(
  to: usize,
  from: usize,
  panelBytes: usize,
  column: i32,
  rows: i32,
  depth: i32,
): void {
  for (let i = 0; i < rows; i++) {
    const c = column + i;
    let lane = from + <usize>(c >> 3) * panelBytes + ((<usize>(c & 7)) << 2);
    for (let k = 0; k < depth; k++) {
      store<f32>(to, load<f32>(lane));
      lane += STEP;
      to += 4;
    }
  }
}

/** Depths of all `columns` lanes: `rows` of them from `from` (of panel 0), to dense rows. */
export function f32UnpackColumns(
  to: usize,
  from: usize,
  panelBytes: usize,
  rows: i32,
  columns: i32,
): void {
  for (let k = 0; k < rows; k++) {
    const step = from + <usize>k * STEP;
    for (let c = 0; c < columns; c++) {
      store<f32>(to, load<f32>(step + <usize>(c >> 3) * panelBytes + ((<usize>(c & 7)) << 2)));
      to += 4;
    }
  }
}
