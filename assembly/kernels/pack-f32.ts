/**
 * Rows of f32 into panels of eight columns (drawn in gemm-f32.ts), and back. `stride` is the bytes
 * between source rows, `panelBytes` the bytes from one panel to the next. Packing leaves all other
 * columns and depths of the panels as they are: callers start from zeros.
 */
import { f32s } from '../simd/units';
import { NR_BYTES } from './tile';

/**
 * Source rows are columns of B (PyTorch's Linear weight [N,K]; the keys of attention): element k of
 * row i goes to column `column + i`, depth k. `to` is depth 0 of the first panel.
 */
export function f32PackRows(
  to: usize,
  panelBytes: usize,
  column: i32,
  from: usize,
  stride: usize,
  rows: i32,
  depth: i32,
): void {
  while (rows > 0) {
    const lane = column & 7;
    const panel = to + <usize>(column >> 3) * panelBytes + f32s(lane);
    if ((lane & 3) == 0 && rows >= 4) {
      pack4Rows(panel, from, stride, depth);
      from += 4 * stride;
      column += 4;
      rows -= 4;
    } else {
      for (let k = 0; k < depth; k++) {
        store<f32>(panel + <usize>k * NR_BYTES, load<f32>(from + f32s(k)));
      }
      from += stride;
      column++;
      rows--;
    }
  }
}

/**
 * Four source rows into four neighbouring columns: 4x4 transposes, then the last depths one by one.
 */
function pack4Rows(panel: usize, from: usize, stride: usize, depth: i32): void {
  let a0 = from;
  let a1 = from + stride;
  let a2 = from + 2 * stride;
  let a3 = from + 3 * stride;
  let k = depth;
  for (; k >= 4; k -= 4) {
    const r0 = v128.load(a0);
    const r1 = v128.load(a1);
    const r2 = v128.load(a2);
    const r3 = v128.load(a3);
    const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
    const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
    const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
    const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
    v128.store(panel, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
    v128.store(panel, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7), 32);
    v128.store(panel, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5), 64);
    v128.store(panel, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7), 96);
    panel += 4 * NR_BYTES;
    a0 += 16;
    a1 += 16;
    a2 += 16;
    a3 += 16;
  }
  for (; k > 0; k--) {
    store<f32>(panel, load<f32>(a0));
    store<f32>(panel, load<f32>(a1), 4);
    store<f32>(panel, load<f32>(a2), 8);
    store<f32>(panel, load<f32>(a3), 12);
    panel += NR_BYTES;
    a0 += 4;
    a1 += 4;
    a2 += 4;
    a3 += 4;
  }
}

/**
 * Source rows are depths of B (the values of attention; a weight stored [K,N]): element n of row k
 * goes to column n, depth k. `to` is the first source row's depth in the first panel.
 */
export function f32PackColumns(
  to: usize,
  panelBytes: usize,
  from: usize,
  stride: usize,
  rows: i32,
  columns: i32,
): void {
  const full = columns >> 3;
  const rest = columns & 7;
  for (let p = 0; p < full; p++) {
    let a = from + <usize>p * NR_BYTES;
    let panel = to + <usize>p * panelBytes;
    for (let k = 0; k < rows; k++) {
      v128.store(panel, v128.load(a));
      v128.store(panel, v128.load(a, 16), 16);
      panel += NR_BYTES;
      a += stride;
    }
  }
  if (rest) {
    let a = from + <usize>full * NR_BYTES;
    let panel = to + <usize>full * panelBytes;
    for (let k = 0; k < rows; k++) {
      memory.copy(panel, a, f32s(rest));
      panel += NR_BYTES;
      a += stride;
    }
  }
}

/**
 * The inverse of `f32PackRows`: columns `column` .. `column + rows - 1` -> dense rows of `depth`.
 * `from` is the first depth in panel 0. A plain loop: models are rarely saved, and the time goes to
 * memory.
 */
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
    let lane = from + <usize>(c >> 3) * panelBytes + f32s(c & 7);
    for (let k = 0; k < depth; k++) {
      store<f32>(to, load<f32>(lane));
      lane += NR_BYTES;
      to += 4;
    }
  }
}

/**
 * The inverse of `f32PackColumns`: `rows` depths of all columns -> dense rows of `columns`. `from`
 * is the first depth in panel 0.
 */
export function f32UnpackColumns(
  to: usize,
  from: usize,
  panelBytes: usize,
  rows: i32,
  columns: i32,
): void {
  for (let k = 0; k < rows; k++) {
    const step = from + <usize>k * NR_BYTES;
    for (let c = 0; c < columns; c++) {
      store<f32>(to, load<f32>(step + <usize>(c >> 3) * panelBytes + f32s(c & 7)));
      to += 4;
    }
  }
}
