/**
 * Units of length, used on every floor. `i32` counts elements, `usize` counts bytes. Rows of
 * activations are padded with zeros to whole panels of NR columns.
 */

/** Columns of a panel. */
export const NR: i32 = 8;

/** n rounded up to whole panels. */
export function roundUp8(n: i32): i32 {
  return (n + 7) & ~7;
}

/** Bytes of n f32, or of n i32. */
export function f32s(n: i32): usize {
  return (<usize>n) << 2;
}

/** Bytes of n i16, f16 or bf16. */
export function i16s(n: i32): usize {
  return (<usize>n) << 1;
}

/** Bytes from one padded row of n f32 to the next. */
export function rowBytes(n: i32): usize {
  return f32s(roundUp8(n));
}

/** Bytes from one padded row of n i16 to the next. */
export function i16RowBytes(n: i32): usize {
  return i16s(roundUp8(n));
}

/** Panels that hold n columns. */
export function panels(n: i32): usize {
  return <usize>(n + 7) >> 3;
}

/** Bytes of one f32 panel with `depth` inputs: a row of biases, then one row per input. */
export function f32PanelBytes(depth: i32): usize {
  return (<usize>(depth + 1)) << 5;
}
