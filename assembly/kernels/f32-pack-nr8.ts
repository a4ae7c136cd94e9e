/**
 * Packing into panels of eight columns (drawn in f32-gemm-nr8.ts). A GEMM column is a *lane* of a
 * panel; `stride` is the bytes between source rows, `panelBytes` the bytes from one panel to the next.
 * Lanes and depths that nothing is packed into keep what they hold: callers start from zeros.
 */

/** Bytes of one k-step of a panel. */
const STEP: usize = 32;

/**
 * Source rows are GEMM columns (PyTorch's Linear weight [N,K]; the keys of attention):
 * row i, element k -> lane `column + i`, depth k. `to` is the first panel's depth 0.
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
    const panel = to + <usize>(column >> 3) * panelBytes + ((<usize>lane) << 2);
    if ((lane & 3) == 0 && rows >= 4) {
      pack4Rows(panel, from, stride, depth);
      from += 4 * stride;
      column += 4;
      rows -= 4;
    } else {
      for (let k: usize = 0; k < <usize>depth; k++) {
        store<f32>(panel + k * STEP, load<f32>(from + (k << 2)));
      }
      from += stride;
      column++;
      rows--;
    }
  }
}

/** Four source rows into four neighbouring lanes: 4x4 transposes, then single columns. */
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
    panel += 4 * STEP;
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
    panel += STEP;
    a0 += 4;
    a1 += 4;
    a2 += 4;
    a3 += 4;
  }
}

/**
 * Source rows are GEMM depths (the values of attention; a weight stored [K,N]):
 * row k, element j -> lane j, depth k. `to` is the first panel's depth of the first source row.
 */
export function f32PackColumns(
  to: usize,
  panelBytes: usize,
  from: usize,
  stride: usize,
  rows: i32,
  columns: i32,
): void {
  const whole = columns >> 3;
  const rest = columns & 7;
  for (let p = 0; p < whole; p++) {
    let a = from + ((<usize>p) << 5);
    let panel = to + <usize>p * panelBytes;
    for (let k = 0; k < rows; k++) {
      v128.store(panel, v128.load(a));
      v128.store(panel, v128.load(a, 16), 16);
      panel += STEP;
      a += stride;
    }
  }
  if (rest) {
    let a = from + ((<usize>whole) << 5);
    let panel = to + <usize>whole * panelBytes;
    for (let k = 0; k < rows; k++) {
      memory.copy(panel, a, (<usize>rest) << 2);
      panel += STEP;
      a += stride;
    }
  }
}
