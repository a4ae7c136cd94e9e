/**
 * Packed panels in plain code: those of assembly/kernels/gemm-f32.ts are made here, the q16 panels
 * of assembly/kernels/panels-int.ts are read.
 *
 *   f32  | bias 0..7 | k=0: 0..7 | k=1: 0..7 | ... | k=K-1: 0..7 |      eight columns, K deep
 *   q16  | bias 0..7 | scale 0..7 | k=0,1 of column 0, .. of column 7 | k=2,3 .. |
 */
import type { Kernels } from './kernels.ts';

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

/** One column of integers, and the scale that takes them back. */
export interface QuantizedColumn {
  readonly integers: number[];
  readonly scale: number;
}

/** x [rows,width] -> rows padded to whole panels, and one panel's width behind the last. */
export function padPanels(x: Float32Array, rows: number, width: number): Float32Array {
  const wide = new Float32Array(rows * roundUp8(width) + NR);
  for (let i = 0; i < rows; i++) {
    wide.set(x.subarray(i * width, (i + 1) * width), i * roundUp8(width));
  }
  return wide;
}

/** The columns of q16 panels of `bytes` each, depth K. */
export function q16Columns(panels: Float32Array, bytes: number, depth: number): QuantizedColumn[] {
  const view = new DataView(panels.buffer);
  return Array.from({ length: (panels.byteLength / bytes) * NR }, (_, n) => {
    const panel = Math.floor(n / NR) * bytes;
    const at = (k: number) => panel + 64 + 32 * (k >> 1) + 4 * (n % NR) + 2 * (k & 1);
    return {
      integers: Array.from({ length: depth }, (_, k) => view.getInt16(at(k), true)),
      scale: view.getFloat32(panel + 32 + 4 * (n % NR), true),
    };
  });
}

/** Columns that q16PackRows() makes of x [rows,depth]. */
export function packQ16Rows(
  kernels: Kernels,
  x: Float32Array,
  rows: number,
  depth: number,
): QuantizedColumn[] {
  return kernels.call((frame, exports) => {
    const bytes = exports.q16PanelBytes(depth);
    const floats = (roundUp8(rows) / NR) * (bytes / 4);
    const panels = frame.output(floats);
    const quantized = frame.output(roundUp8(depth) / 2);
    const from = frame.input(padPanels(x, rows, depth));
    exports.q16PackRows(panels, from, 4 * roundUp8(depth), rows, depth, quantized);
    return q16Columns(frame.read(panels, floats), bytes, depth).slice(0, rows);
  });
}
