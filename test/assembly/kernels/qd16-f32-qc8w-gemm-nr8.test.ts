/**
 * qd16-f32-qc8w-gemm-nr8 in every epilogue, against exact integer sums and float32 steps in the order
 * that the kernel states: results must be equal, bit for bit, in every build.
 */
import { describe, expect, it } from 'vitest';
import { type Frame, Kernels } from '../../support/kernels.ts';
import { NR } from '../../support/panels.ts';
import { random } from '../../support/random.ts';
import type { TestingExports } from '../../support/testing-exports.ts';
import { variants } from '../../support/variants.ts';

const ROWS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 32];
const DEPTHS = [1, 2, 3, 7, 8, 128, 511, 512];
const f = Math.fround;

type Gemm = [number, number, number, number, number, number, number, number];

interface Operands {
  readonly rows: number;
  readonly depth: number;
  /** [M,K], [8,K] */
  readonly a: Int16Array;
  readonly b: Int8Array;
  readonly rowScale: Float32Array;
  readonly columnScale: Float32Array;
  readonly bias: Float32Array;
  readonly residual: Float32Array;
  readonly scale: Float32Array;
  readonly shift: Float32Array;
}

interface Epilogue {
  readonly name: string;
  run(exports: TestingExports, gemm: Gemm, residual: number, scale: number, shift: number): void;
  expected(sum: number, o: Operands, at: number): number;
}

const norm = (x: number, { scale, shift }: Operands, at: number) =>
  f(f(x * scale[at % NR]!) + shift[at % NR]!);

const EPILOGUES: Epilogue[] = [
  { name: 'q8GemmNr8', run: (e, gemm) => e.q8GemmNr8(...gemm), expected: (sum) => sum },
  {
    name: 'q8GemmReluNr8',
    run: (e, gemm) => e.q8GemmReluNr8(...gemm),
    expected: (sum) => Math.max(sum, 0),
  },
  {
    name: 'q8GemmResidualNr8',
    run: (e, gemm, residual) => e.q8GemmResidualNr8(...gemm, residual),
    expected: (sum, { residual }, at) => f(sum + residual[at]!),
  },
  {
    name: 'q8GemmScaleShiftNr8',
    run: (e, gemm, _, scale, shift) => e.q8GemmScaleShiftNr8(...gemm, scale, shift),
    expected: norm,
  },
  {
    name: 'q8GemmResidualScaleShiftNr8',
    run: (e, gemm, residual, scale, shift) =>
      e.q8GemmResidualScaleShiftNr8(...gemm, residual, scale, shift),
    expected: (sum, o, at) => norm(f(sum + o.residual[at]!), o, at),
  },
];

describe.each(variants)('qd16-f32-qc8w-gemm-nr8 ($name)', ({ name: build }) => {
  const kernels = new Kernels(build);

  describe.each(EPILOGUES)('$name()', (epilogue) => {
    it.each(DEPTHS)('has exact sums and rounds step by step, at depth %i', (depth) => {
      for (const rows of ROWS) {
        const operands = draw(rows, depth);
        expect(multiply(kernels, epilogue, operands)).toEqual(expectedOf(epilogue, operands));
      }
    });
  });

  it.each([1, -1])('q8GemmNr8() sums 512 products of the largest numbers (sign %i)', (sign) => {
    const operands = draw(5, 512);
    operands.a.fill(32767);
    operands.b.fill(sign * 127);
    expect(multiply(kernels, EPILOGUES[0]!, operands)).toEqual(expectedOf(EPILOGUES[0]!, operands));
  });

  it('q8GemmNr8() keeps a NaN of a row scale in its row', () => {
    const operands = draw(3, 8);
    operands.rowScale[1] = Number.NaN;
    const c = multiply(kernels, EPILOGUES[0]!, operands);
    expect(Array.from(c, Number.isNaN)).toEqual(Array.from(c, (_, i) => Math.floor(i / NR) === 1));
  });
});

function draw(rows: number, depth: number): Operands {
  const numbers = random(1000 * rows + depth);
  return {
    rows,
    depth,
    a: Int16Array.from(numbers.integers(rows * depth, -32767, 32768)),
    b: Int8Array.from(numbers.integers(NR * depth, -127, 128)),
    rowScale: numbers.uniforms(rows, 1e-6, 1e-3),
    columnScale: numbers.uniforms(NR, 1e-4, 1e-2),
    bias: numbers.normals(NR),
    residual: numbers.normals(rows * NR),
    scale: numbers.normals(NR),
    shift: numbers.normals(NR),
  };
}

/** One call -> c [M,8]; rows of c lie 12 floats apart, rows of a 8 numbers more than they need. */
function multiply(kernels: Kernels, epilogue: Epilogue, o: Operands): Float32Array {
  const stride = 12;
  const even = o.depth + (o.depth % 2);
  const a = new Int16Array(o.rows * (even + 8)).fill(7777);
  for (let row = 0; row < o.rows; row++) {
    a.set(o.a.subarray(row * o.depth, (row + 1) * o.depth), row * (even + 8));
  }
  return kernels.call((frame, exports) => {
    const wide = (rows: Float32Array) => {
      const spread = new Float32Array(o.rows * stride).fill(5);
      for (let i = 0; i < rows.length; i++) {
        spread[Math.floor(i / NR) * stride + (i % NR)] = rows[i]!;
      }
      return spread;
    };
    const c = frame.inout(wide(new Float32Array(o.rows * NR)));
    const gemm: Gemm = [
      ...[c, 4 * stride, frame.input(new Uint8Array(a.buffer)), 2 * (even + 8)],
      ...[frame.input(o.rowScale), panelOf(frame, o), o.rows, o.depth],
    ] as Gemm;
    const residual = frame.input(wide(o.residual));
    epilogue.run(exports, gemm, residual, frame.input(o.scale), frame.input(o.shift));
    const found = frame.read(c, o.rows * stride);
    expect(found.filter((_, i) => i % stride >= NR).every((x) => x === 5)).toBe(true);
    return found.filter((_, i) => i % stride < NR);
  });
}

/** | bias f32 8 | scale f32 8 | pairs of depths | */
function panelOf(frame: Frame, { b, depth, bias, columnScale }: Operands): number {
  const panel = new Uint8Array(64 + 16 * Math.ceil(depth / 2));
  panel.set(new Uint8Array(bias.buffer));
  panel.set(new Uint8Array(columnScale.buffer), 32);
  for (let n = 0; n < NR; n++) {
    for (let k = 0; k < depth; k++) {
      panel[64 + 16 * (k >> 1) + 2 * n + (k & 1)] = b[n * depth + k]! & 255;
    }
  }
  return frame.input(panel);
}

function expectedOf(epilogue: Epilogue, o: Operands): Float32Array {
  return Float32Array.from({ length: o.rows * NR }, (_, at) => {
    const [row, column] = [Math.floor(at / NR), at % NR];
    let sum = 0;
    for (let k = 0; k < o.depth; k++) sum += o.a[row * o.depth + k]! * o.b[column * o.depth + k]!;
    const factor = f(o.rowScale[row]! * o.columnScale[column]!);
    return epilogue.expected(f(f(f(sum) * factor) + o.bias[column]!), o, at);
  });
}
