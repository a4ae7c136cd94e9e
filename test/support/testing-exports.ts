/**
 * The exports of assembly/testing.ts as JavaScript sees them: addresses, byte counts and enums are
 * numbers. Parameters have assembly's names and order; what they mean stands there.
 */

export type GemmArguments = [
  c: number,
  cStride: number,
  a: number,
  aStride: number,
  panel: number,
  second: number,
  rows: number,
  depth: number,
  prefetch: number,
];

type Q8GemmArguments = [
  c: number,
  cStride: number,
  a: number,
  aStride: number,
  aScales: number,
  panels: number,
  rows: number,
  columns: number,
  depth: number,
  planes: number,
  starts: number,
  scratch: number,
];

type RowArguments = [y: number, x: number, rows: number];

/** Exports of build/testing/testing.<build>.wasm that tests and benches call. */
export interface TestingExports {
  readonly memory: WebAssembly.Memory;
  allocate(bytes: number): number;
  mark(): number;
  release(address: number): void;

  mathOf(which: number, x: number, count: number): void;
  lanesSum(x: number): number;
  lanesMax(x: number): number;
  peakDot(turns: number, factors: number): number;
  peakMadd(turns: number, factors: number): number;
  peakXor(turns: number): number;

  idlePrefetch(): number;
  prefetchTo(prefetch: number, panel: number, bytes: number, rows: number): void;
  f32GemmNr8(...gemm: GemmArguments): void;
  f32GemmReluNr8(...gemm: GemmArguments): void;
  f32GemmResidualNr8(...gemm: [...GemmArguments, residual: number]): void;
  f32GemmScaleShiftNr8(...gemm: [...GemmArguments, scale: number, shift: number]): void;
  f32GemmResidualScaleShiftNr8(
    ...gemm: [...GemmArguments, residual: number, scale: number, shift: number]
  ): void;
  f32GemmRowScaleNr8(
    c: number,
    cStride: number,
    a: number,
    aStride: number,
    panel: number,
    rows: number,
    depth: number,
    scale: number,
  ): void;

  f32UnpackRows(
    to: number,
    from: number,
    panelBytes: number,
    column: number,
    rows: number,
    depth: number,
  ): void;
  f32UnpackColumns(
    to: number,
    from: number,
    panelBytes: number,
    rows: number,
    columns: number,
  ): void;
  q8GemmNr8(...gemm: Q8GemmArguments): void;
  q8GemmReluNr8(...gemm: Q8GemmArguments): void;
  q8GemmResidualNr8(...gemm: [...Q8GemmArguments, residual: number]): void;
  q8GemmScaleShiftNr8(...gemm: [...Q8GemmArguments, scale: number, shift: number]): void;
  q8GemmResidualScaleShiftNr8(
    ...gemm: [...Q8GemmArguments, residual: number, scale: number, shift: number]
  ): void;
  f32ColumnRanges(ranges: number, x: number, factors: number, count: number): void;
  f32ColumnMeans(
    means: number,
    x: number,
    xBytes: number,
    rows: number,
    columns: number,
    sums: number,
  ): void;
  f32CrossScratchBytes(columns: number): number;
  f32CrossProducts(
    sums: number,
    sumBytes: number,
    x: number,
    xBytes: number,
    xMeans: number,
    K: number,
    y: number,
    yBytes: number,
    yMeans: number,
    N: number,
    rows: number,
    scratch: number,
  ): void;
  f32RowRange(x: number, factors: number, count: number): number;
  f32MagnitudeRange(x: number, factors: number, count: number): number;
  f32QuantizeRow(to: number, x: number, factors: number, count: number, limit: number): number;
  q8QuantizeRow(form: number, to: number, x: number, factors: number, depth: number): number;
  f32RoundRow(to: number, x: number, count: number, factor: number): void;
  q8PanelBytes(depth: number): number;
  /** 1 where 8 bits are too coarse. */
  q8IsCoarse(form: number, row: number, depth: number): number;
  f32OutlyingRows(list: number, x: number, stride: number, rows: number, count: number): void;
  q8PackColumns(
    panels: number,
    from: number,
    stride: number,
    rows: number,
    count: number,
    skipped: number,
  ): void;
  q16GemmNr8(
    c: number,
    cStride: number,
    a: number,
    aStride: number,
    aScales: number,
    panel: number,
    rows: number,
    depth: number,
  ): void;
  q16PackRows(
    panels: number,
    from: number,
    stride: number,
    rows: number,
    depth: number,
    words: number,
  ): void;
  q16PackColumns(
    panels: number,
    from: number,
    stride: number,
    rows: number,
    columns: number,
    limit: number,
    skipped: number,
  ): void;
  q16PanelBytes(depth: number): number;
  q8ScratchBytes(depth: number): number;
  q8Starts(to: number, panel: number, depth: number): void;

  f32PackRows(
    to: number,
    panelBytes: number,
    column: number,
    from: number,
    stride: number,
    rows: number,
    depth: number,
  ): void;
  f32PackColumns(
    to: number,
    panelBytes: number,
    from: number,
    stride: number,
    rows: number,
    columns: number,
  ): void;
  /** 1 where all stayed finite. */
  f16FromF32(to: number, from: number, count: number): number;
  bf16FromF32(to: number, from: number, count: number): void;
  f32RoundTo24(at: number, count: number): void;
  f32FromI8(to: number, from: number, count: number, scale: number): void;
  f32FromF16(to: number, from: number, count: number): void;
  f32FromBf16(to: number, from: number, count: number): void;
  f32FromF64(to: number, from: number, count: number): void;
  f32Activation(x: number, count: number, activation: number): void;
  f32LayerNormRow(x: number, scale: number, shift: number, count: number, epsilon: number): void;
  f32SoftmaxRow(x: number, count: number, scale: number): number;
  f32Add(to: number, a: number, b: number, count: number): void;
  f32AddScaled(to: number, x: number, column: number, factor: number, count: number): void;
  f32Multiply(to: number, a: number, b: number, count: number): void;
  f32Scale(to: number, x: number, factor: number, count: number): void;
  f32ScaleShift(to: number, x: number, scale: number, shift: number, count: number): void;

  copyRows(
    to: number,
    toStride: number,
    from: number,
    fromStride: number,
    bytes: number,
    rows: number,
  ): void;
  gatherRows(
    to: number,
    toStride: number,
    table: number,
    bytes: number,
    ids: number,
    rows: number,
  ): void;
  emptyPass(): number;
  wholeBlock(pass: number, layer: number): void;
  blockInRanges(pass: number, layer: number, rows: number): void;
  hiddenAddress(pass: number): number;
  linear(pass: number, linear: number, ...rows: [...RowArguments, reuse: boolean]): void;
  linearActivation(
    pass: number,
    linear: number,
    ...rows: [...RowArguments, activation: number]
  ): void;
  linearNorm(
    pass: number,
    linear: number,
    norm: number,
    ...rows: [...RowArguments, reuse: boolean]
  ): void;
  linearResidualNorm(
    pass: number,
    linear: number,
    norm: number,
    ...rows: [...RowArguments, residual: number]
  ): void;
  norm(x: number, rows: number, norm: number): void;
  attentionAlone(
    context: number,
    contextStride: number,
    query: number,
    key: number,
    value: number,
    mask: number,
    S: number,
    T: number,
    heads: number,
    probabilities: number,
    scoreRows: number,
    kind: number,
  ): void;
}
