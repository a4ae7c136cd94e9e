/**
 * The compiled modules: the shape of the hot loops, imports and exports, and sizes.
 * Reads build/testing/*.wat, so it covers every build on every runtime.
 */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { builds, readBuild } from '../support/variants.ts';
import { count, exportsOf, functionText, importsOf, innermostLoops } from '../support/wat.ts';

const GEMM = 'assembly/kernels/gemm-f32';
const GEMMS = [
  'f32GemmNr8',
  'f32GemmReluNr8',
  'f32GemmResidualNr8',
  'f32GemmScaleShiftNr8',
  'f32GemmResidualScaleShiftNr8',
  'f32GemmRowScaleNr8',
];

/** The kernels that multiply by weights, and so prefetch. */
const WEIGHT_GEMMS = GEMMS.filter((kernel) => kernel !== 'f32GemmRowScaleNr8');

const Q8_GEMM = 'assembly/kernels/gemm-int';
const Q8_GEMMS = [
  'q8GemmNr8',
  'q8GemmReluNr8',
  'q8GemmResidualNr8',
  'q8GemmScaleShiftNr8',
  'q8GemmResidualScaleShiftNr8',
];
const Q16_GEMM = 'assembly/kernels/gemm-int/q16GemmNr8';
const QUANTIZE = 'assembly/kernels/quantize/f32QuantizeRow';

/** Loops over whole vectors: [function, how many]. */
const LOOPS: [string, number][] = [
  ['assembly/kernels/softmax/f32SoftmaxRow', 2],
  ['assembly/kernels/layernorm/f32LayerNormRow', 3],
  ['assembly/kernels/activation/f32Activation', 5],
  ['assembly/kernels/convert/f32FromF16', 1],
  ['assembly/kernels/convert/f32FromBf16', 1],
  ['assembly/kernels/convert/f32FromF64', 1],
  ['assembly/kernels/convert/f16FromF32', 1],
  [QUANTIZE, 2],
  ['assembly/kernels/quantize/f32RowRange', 2],
  ['assembly/kernels/quantize/f32MagnitudeRange', 2],
  ['assembly/kernels/quantize/f32RoundRow', 1],
  ['assembly/kernels/panels-int/largestBut', 2],
  ['assembly/kernels/quantize/f32ColumnRanges', 2],
  ['assembly/kernels/rows/f32ScaleShift', 1],
  ['assembly/kernels/rows/f32Scale', 1],
  ['assembly/kernels/rows/f32Add', 1],
  ['assembly/kernels/rows/f32AddScaled', 1],
];

/** Bytes after gzip that a shipped module may have (docs/architecture.md). */
const SIZE_LIMIT = 60 * 1024;

const released = builds.filter(({ name }) => name !== 'debug');
const floats = released.filter(({ hasFloats }) => hasFloats);
const text = (file: string) => new TextDecoder().decode(readBuild(`${file}.wat`));

describe.each(floats)('tile of gemm-f32 ($name)', ({ name, isFused }) => {
  const wat = text(name);

  describe.each(GEMMS)('%s()', (kernel) => {
    // One loop for every size of tile; a fused tile holds six rows, an unfused one five.
    const sizes = isFused ? [6, 5, 4, 3, 2, 1] : [5, 4, 3, 2, 1];

    it.each(sizes)('has a loop of %i rows and nothing else in it', (rows) => {
      const text = functionText(wat, `${GEMM}/${kernel}`);
      const loops = innermostLoops(text).filter((body) => count(body, /v128\.load/) === 2);
      expect(loops.length).toBe(sizes.length);
      const [loop, ...others] = loops.filter((body) => count(body, /v128\.load32_splat/) === rows);
      expect(others).toEqual([]);
      expect(count(loop, /call(_indirect)?/)).toBe(0);
      expect(count(loop, /br(_if|_table)?/)).toBe(1);
      expect(count(loop, /v128\.load/)).toBe(2);
      expect(count(loop, /v128\.store/)).toBe(0);
      expect(count(loop, /f32x4\.relaxed_madd/)).toBe(isFused ? 2 * rows : 0);
      expect(count(loop, /f32x4\.mul/)).toBe(isFused ? 0 : 2 * rows);
      expect(count(loop, /f32x4\.add/)).toBe(isFused ? 0 : 2 * rows);
    });

    it('takes one and two rows over two panels where sums are fused', () => {
      const loops = innermostLoops(functionText(wat, `${GEMM}/${kernel}`));
      const wide = loops.filter((body) => count(body, /v128\.load/) === 4);
      const rows = wide.map((body) => count(body, /v128\.load32_splat/));
      const isWide = isFused && kernel !== 'f32GemmRowScaleNr8';
      expect(rows.sort()).toEqual(isWide ? [1, 2] : []);
      for (const body of wide) {
        const sums = 4 * count(body, /v128\.load32_splat/);
        expect(count(body, /f32x4\.relaxed_madd/)).toBe(sums);
        expect(count(body, /call(_indirect)?|v128\.store/)).toBe(0);
        expect(count(body, /br(_if|_table)?/)).toBe(1);
      }
    });
  });
});

it('dot carries no product of floats that q8 does without', () => {
  const wat = text('dot');
  const found = GEMMS.filter((kernel) => wat.includes(`func $${GEMM}/${kernel} `));
  expect(found).toEqual(['f32GemmNr8', 'f32GemmResidualNr8', 'f32GemmResidualScaleShiftNr8']);
});

describe.each(floats)('prefetch ($name)', ({ name, isFused }) => {
  const wat = text(name);

  it.each(WEIGHT_GEMMS)(
    '%s() reads a line of eight streams at every pause, without a call',
    (kernel) => {
      const body = functionText(wat, `${GEMM}/${kernel}`);
      // A call would spill the sums of a tile, which take all registers.
      expect(count(body, /call(_indirect)?/)).toBe(0);
      expect(count(body, /i32\.load offset=28672/)).toBe(isFused ? 8 : 5);
    },
  );
});

describe.each(released)('tile of gemm-int ($name)', ({ name, hasDot, hasByteRows }) => {
  const wat = text(name);
  // Rows of i16 are two rows of bytes where there are dot products of bytes; one and two rows of
  // bytes go over two panels as well.
  const bytes = hasByteRows ? [1, 1, 2, 2, 3, 4, 5, 6] : [];
  const sizes = hasDot ? [2, 4, 6, ...bytes].sort() : [1, 2, 3, 4, 5];

  it.each(Q8_GEMMS)('%s() has a loop for every size of tile and nothing else in it', (kernel) => {
    const loops = innermostLoops(functionText(wat, `${Q8_GEMM}/${kernel}`));
    const rowsOf = (body: string) => count(body, /v128\.load32_splat/);
    // One more loop widens the panel for sums of i16.
    expect(loops.map(rowsOf).sort()).toEqual(hasDot ? sizes : [0, ...sizes]);
    for (const body of loops.filter(rowsOf)) {
      const inTile = rowsOf(body);
      expect(count(body, /call(_indirect)?/)).toBe(0);
      expect(count(body, /br(_if|_table)?/)).toBe(1);
      const vectors = count(body, /v128\.load/);
      expect([2, hasByteRows && inTile < 3 ? 4 : 2]).toContain(vectors);
      expect(count(body, /i32x4\.relaxed_dot\S*/)).toBe(hasDot ? vectors * inTile : 0);
      expect(count(body, /i32x4\.dot_i16x8_s/)).toBe(hasDot ? 0 : 2 * inTile);
      expect(count(body, /i32x4\.add/)).toBe(hasDot ? 0 : 2 * inTile);
    }
  });

  it('q16GemmNr8() has a loop for every size of tile and nothing else in it', () => {
    const loops = innermostLoops(functionText(wat, Q16_GEMM));
    const rowsOf = (body: string) => count(body, /v128\.load32_splat/);
    expect(loops.map(rowsOf).sort()).toEqual([1, 2, 3, 4, 5]);
    for (const body of loops) {
      expect(count(body, /call(_indirect)?/)).toBe(0);
      expect(count(body, /br(_if|_table)?/)).toBe(1);
      expect(count(body, /v128\.load/)).toBe(2);
      expect(count(body, /i32x4\.dot_i16x8_s/)).toBe(2 * rowsOf(body));
    }
  });

  it('rounds every step on its own, but for q8-fast', () => {
    const kernels = hasByteRows ? [] : Q8_GEMMS.map((gemm) => `${Q8_GEMM}/${gemm}`);
    for (const kernel of [...kernels, Q16_GEMM, QUANTIZE]) {
      expect(count(functionText(wat, kernel), /\S*relaxed_n?madd\S*/)).toBe(0);
    }
  });
});

describe.each(released)('loops over elements ($name)', ({ name }) => {
  const wat = text(`testing.${name}`);

  it.each(LOOPS)('%s() runs on vectors without calls', (kernel, loops) => {
    // Loops over the last elements, behind whole vectors, branch more often.
    const bodies = innermostLoops(functionText(wat, kernel)).filter(
      (body) => count(body, /br(_if|_table)?/) === 1 && count(body, /if/) <= 1,
    );
    expect(bodies.length).toBe(loops);
    for (const body of bodies) {
      expect(count(body, /call(_indirect)?/)).toBe(0);
      expect(count(body, /v128\.load\S*/)).toBeGreaterThan(0);
      expect(count(body, /f(32|64)\.\S+/)).toBe(0);
    }
  });
});

describe.each(released)('constants ($name)', ({ name }) => {
  const wat = text(`testing.${name}`);

  // V8 makes a literal vector at every use, in four instructions; zero takes one.
  it.each(['softmax/f32SoftmaxRow', 'activation/f32Activation'])(
    '%s() has no literal vectors in its loops',
    (kernel) => {
      const bodies = innermostLoops(functionText(wat, `assembly/kernels/${kernel}`));
      const literals = bodies.flatMap((body) => body.match(/v128\.const .*/g) ?? []);
      expect(literals.filter((literal) => !/^v128\.const i32x4( 0x0+){4}$/.test(literal))).toEqual(
        [],
      );
    },
  );
});

describe.each(builds)('module ($name)', ({ name, isFused, hasDot }) => {
  const wat = text(name);

  it.each([
    ['fused multiply-adds', /\S*relaxed_madd/, isFused],
    ['relaxed dot products', /\S*relaxed_dot\S*/, hasDot],
  ])(`has the %s it should have`, (_, instruction, isExpected) => {
    if (isExpected) expect(count(wat, instruction)).toBeGreaterThan(100);
    else expect(count(wat, instruction)).toBe(0);
  });

  it('exports the ABI of assembly/index.ts and nothing else', () => {
    expect(exportsOf(wat).sort()).toEqual([...abi(), 'memory'].sort());
  });

  it('imports nothing but what a debug build calls for a failed assertion', () => {
    expect(importsOf(wat)).toEqual(name === 'debug' ? ['env.abort'] : []);
  });
});

describe('module (calibration)', () => {
  const wat = text('calibration');

  it('has the ABI of assembly/index.ts, and imports what observes a product', () => {
    expect(exportsOf(wat)).toEqual(expect.arrayContaining([...abi(), 'runBlock']));
    expect(importsOf(wat)).toHaveLength(1);
    expect(importsOf(wat)[0]).toBe('observe.observe');
  });

  it('rounds alike on every machine', () => {
    expect(count(wat, /relaxed/)).toBe(0);
  });

  it('is at most 20 KB after gzip', () => {
    expect(gzipSync(readBuild('calibration.wasm')).length).toBeLessThanOrEqual(20 * 1024);
  });
});

describe.each(released)('size ($name)', ({ name }) => {
  it(`is at most ${SIZE_LIMIT} bytes after gzip`, () => {
    expect(gzipSync(readBuild(`${name}.wasm`)).length).toBeLessThanOrEqual(SIZE_LIMIT);
  });
});

/**
 * Names that assembly/index.ts exports: `export function name` and `export { name, other as name
 * }`.
 */
function abi(): string[] {
  const source = readFileSync('assembly/index.ts', 'utf8');
  const own = Array.from(source.matchAll(/^export function (\w+)/gm), ([, name]) => name);
  const passed = Array.from(source.matchAll(/^export \{([^}]*)\}/gm), ([, list]) =>
    list.split(',').flatMap((item) => item.match(/(\w+)\s*$/)?.[1] ?? []),
  );
  return [...own, ...passed.flat()];
}
