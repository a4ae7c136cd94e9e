/**
 * The packed panels of assembly/kernels/f32-gemm-nr8.ts, in plain code.
 *
 *   | bias 0..7 | k=0: 0..7 | k=1: 0..7 | ... | k=K-1: 0..7 |      one panel: eight columns, K deep
 */

/** Columns of a panel. */
export const NR = 8;

/** Bytes of one panel of a depth, its bias row included. */
export function panelBytes(depth: number): number {
  return (depth + 1) * NR * 4;
}

/** n rounded up to whole panels. */
export function roundUp8(n: number): number {
  return Math.ceil(n / NR) * NR;
}

/**
 * element(n, k) of N columns of depth K -> panels [N/8][bias 8, K x 8]; lanes past N hold
 * `padding`.
 */
export function makePanels(
  columns: number,
  depth: number,
  element: (column: number, k: number) => number,
  bias: (column: number) => number,
  padding = 0,
): Float32Array {
  const panels = new Float32Array((roundUp8(columns) / NR) * (depth + 1) * NR).fill(padding);
  for (let n = 0; n < columns; n++) {
    const panel = Math.floor(n / NR) * (depth + 1) * NR + (n % NR);
    panels[panel] = bias(n);
    for (let k = 0; k < depth; k++) panels[panel + (k + 1) * NR] = element(n, k);
  }
  return panels;
}
