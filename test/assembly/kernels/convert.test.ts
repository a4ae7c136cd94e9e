/** Conversions: every binary16 and every bfloat16 bit for bit, f64 as Math.fround rounds. */
import { describe, expect, it } from 'vitest';
import { type Data, Kernels } from '../../support/kernels.ts';
import { random } from '../../support/random.ts';
import { variants } from '../../support/variants.ts';

const ALL = Uint16Array.from({ length: 65_536 }, (_, i) => i);

const F64_EDGES = [
  ...[0, -0, 1, -1, Number.NaN, Infinity, -Infinity],
  // Overflow: the last number that rounds to the largest f32, and the first that does not.
  ...[3.4028234663852886e38, 3.4028235677973362e38, 3.4028235677973366e38, -1e39, 1e308],
  // Subnormal f32: the smallest, half of it (a tie to even, 0), a little more, far less.
  ...[2 ** -149, 2 ** -150, 2 ** -150 * 1.0000001, 3 * 2 ** -150, 1e-320, -5e-324],
  ...[2 ** -126, 2 ** -126 - 2 ** -151, 2 ** -127],
  // Ties at 1: down to even, up to even, and just beside them.
  ...[1 + 2 ** -24, 1 + 3 * 2 ** -24, 1 + 2 ** -24 + 2 ** -52, 1 + 3 * 2 ** -24 - 2 ** -52],
];

describe.each(variants)('convert ($name)', ({ name: build }) => {
  const kernels = new Kernels(build);

  it('f32FromF16() is exact for all 65,536 values, NaN payloads included', () => {
    const found = convert(kernels, 'f32FromF16', ALL, ALL.length);
    expect(firstDifference(bitsOf(found), ALL, bitsOfHalf)).toBeUndefined();
  });

  it('f32FromBf16() is exact for all 65,536 values, NaN payloads included', () => {
    const found = convert(kernels, 'f32FromBf16', ALL, ALL.length);
    expect(firstDifference(bitsOf(found), ALL, (bits) => bits * 2 ** 16)).toBeUndefined();
  });

  it('f32FromF64() rounds to nearest, ties to even', () => {
    const numbers = random(64);
    const values = Float64Array.from([
      ...F64_EDGES,
      ...Array.from({ length: 4000 }, () => numbers.normal() * 2 ** numbers.integer(-160, 130)),
    ]);
    const found = convert(kernels, 'f32FromF64', padded(values), values.length);
    for (const [i, value] of values.entries()) expect(found[i]).toBe(Math.fround(value));
  });

  it('f16FromF32() gives every finite half back, and rounds what lies between to even', () => {
    const finite = ALL.filter((bits) => (bits & 0x7fff) < 0x7c00);
    const exact = convert(kernels, 'f32FromF16', finite, finite.length);
    expect(toHalves(exact)).toEqual({ halves: finite, fits: true });
    const positive = finite.filter((bits) => bits < 0x7bff);
    const numbers = convert(kernels, 'f32FromF16', positive, positive.length);
    const next = convert(
      kernels,
      'f32FromF16',
      positive.map((bits) => bits + 1),
      positive.length,
    );
    // The middle of two halves is exact in f32: of neighbours one is even.
    const middles = numbers.map((x, i) => (x + next[i]!) / 2);
    expect(toHalves(middles).halves).toEqual(positive.map((bits) => bits + (bits & 1)));
    const above = middles.map((x) => x * (1 + 2 ** -20));
    expect(toHalves(above).halves).toEqual(positive.map((bits) => bits + 1));
  });

  it.each([65520, -1e9, Infinity, Number.NaN])('f16FromF32() says that %d does not fit', (x) => {
    expect(toHalves(Float32Array.of(1, 2, 65519, 0, x, 3, 4, 5)).fits).toBe(false);
    expect(toHalves(Float32Array.of(1, 2, 65519, 0)).fits).toBe(true);
  });

  it('bf16FromF32() gives every bfloat16 back, and rounds what lies between to even', () => {
    const numbers = ALL.filter((bits) => (bits & 0x7fff) <= 0x7f80);
    const exact = convert(kernels, 'f32FromBf16', numbers, numbers.length);
    expect(toBf16(exact)).toEqual(numbers);
    // Half a unit on is the bit behind; the last one overflows to infinity.
    const finite = numbers.filter((bits) => (bits & 0x7fff) < 0x7f80);
    const upper = Uint32Array.from(finite, (bits) => bits * 2 ** 16);
    const between = (more: number) => toBf16(new Float32Array(upper.map((x) => x + more).buffer));
    expect(between(0x7fff)).toEqual(finite);
    expect(between(0x8000)).toEqual(finite.map((bits) => bits + (bits & 1)));
    expect(between(0x8001)).toEqual(finite.map((bits) => bits + 1));
  });

  it('bf16FromF32() and f32RoundTo24() leave NaN a NaN', () => {
    const nans = new Float32Array(Uint32Array.of(0x7f800001, 0x7fffffff, 0xffffffff, 1).buffer);
    expect([...toBf16(nans)].map((bits) => bits > 0x7f80)).toEqual([true, true, true, false]);
    expect([...roundTo24(nans)].map(Number.isNaN)).toEqual([true, true, true, false]);
  });

  it('f32RoundTo24() rounds to sixteen digits, ties to even', () => {
    const digits = [0, 1, 2, 3, 254, 255];
    const lower = [0, 1, 0x7f, 0x80, 0x81, 0xff];
    const cases = digits.flatMap((upper) => lower.map((rest) => ({ upper, rest })));
    for (const sign of [1, -1]) {
      const x = Float32Array.from(cases, ({ upper, rest }) => {
        return sign * (1 + (256 * upper + rest) / 2 ** 23);
      });
      const expected = cases.map(({ upper, rest }) => {
        const isUp = rest > 0x80 || (rest === 0x80 && upper % 2 === 1);
        return sign * (1 + (upper + Number(isUp)) / 2 ** 15);
      });
      expect([...roundTo24(x)]).toEqual(expected);
    }
    expect([...roundTo24(Float32Array.of(0, Infinity, -Infinity, 3.4e38))]).toEqual([
      0,
      Infinity,
      -Infinity,
      expect.closeTo(3.4e38, -34),
    ]);
  });

  it('f32FromI8() multiplies any count of integers', () => {
    for (let count = 0; count <= 19; count++) {
      const integers = Int8Array.from({ length: count }, (_, i) => 37 * i - 127);
      const found = kernels.call((frame, exports) => {
        const to = frame.output(count);
        exports.f32FromI8(to, frame.input(new Uint8Array(integers.buffer)), count, 0.3);
        return frame.read(to, count);
      });
      expect(found).toEqual(Float32Array.from(integers, (x) => x * Math.fround(0.3)));
    }
  });

  function toHalves(x: Float32Array) {
    return kernels.call((frame, exports) => {
      const room = Math.ceil(x.length / 4) * 4;
      const padded = new Float32Array(room);
      padded.set(x);
      const to = frame.output(room / 2);
      const fits = exports.f16FromF32(to, frame.input(padded), x.length) === 1;
      const halves = new Uint16Array(frame.read(to, room / 2).buffer).slice(0, x.length);
      return { halves, fits };
    });
  }

  function toBf16(x: Float32Array): Uint16Array {
    return kernels.call((frame, exports) => {
      const room = Math.ceil(x.length / 4) * 4;
      const padded = new Float32Array(room);
      // Bits, for a copy by value may change those of a NaN.
      new Uint32Array(padded.buffer).set(new Uint32Array(x.buffer));
      const to = frame.output(room / 2);
      exports.bf16FromF32(to, frame.input(padded), x.length);
      return new Uint16Array(frame.read(to, room / 2).buffer).slice(0, x.length);
    });
  }

  function roundTo24(x: Float32Array): Float32Array {
    return kernels.call((frame, exports) => {
      const at = frame.inout(x);
      exports.f32RoundTo24(at, x.length);
      return frame.read(at, x.length);
    });
  }

  it.each(['f32FromF16', 'f32FromBf16', 'f32FromF64'] as const)(
    '%s() writes no more than the groups of four that hold its count',
    (name) => {
      for (let count = 0; count <= 9; count++) {
        const source = name === 'f32FromF64' ? Float64Array : Uint16Array;
        const found = convert(kernels, name, padded(new source(count).fill(1)), count);
        expect(found.length).toBe(count);
      }
    },
  );
});

/** The first `count` results; room behind both ends is what the kernel asks for, and no more. */
function convert(
  kernels: Kernels,
  name: 'f32FromF16' | 'f32FromBf16' | 'f32FromF64',
  values: Data,
  count: number,
): Float32Array {
  return kernels.call((frame, exports) => {
    const to = frame.output(Math.ceil(count / 4) * 4);
    exports[name](to, frame.input(values), count);
    return frame.read(to, count);
  });
}

/** Zeros up to a multiple of four. */
function padded<T extends Float64Array | Uint16Array>(values: T): T {
  const room = new (values.constructor as new (length: number) => T)(
    Math.ceil(values.length / 4) * 4,
  );
  room.set(values);
  return room;
}

function bitsOf(values: Float32Array): Uint32Array {
  return new Uint32Array(values.buffer);
}

/**
 * IEEE 754: sign 1, exponent 5 (bias 15), fraction 10 -> the bits of the same number in binary32.
 */
function bitsOfHalf(half: number): number {
  const sign = (half >> 15) * 2 ** 31;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 31) return sign + 255 * 2 ** 23 + fraction * 2 ** 13;
  const size = exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25);
  return sign + new Uint32Array(Float32Array.of(size).buffer)[0];
}

/** Where the bits differ first, for the message of a failed test. */
function firstDifference(
  found: Uint32Array,
  sources: Uint16Array,
  expected: (bits: number) => number,
): string | undefined {
  const index = sources.findIndex((bits, i) => found[i] !== expected(bits));
  if (index < 0) return undefined;
  const hex = (bits: number) => bits.toString(16).padStart(8, '0');
  return `0x${sources[index].toString(16)}: ${hex(found[index])}, not ${hex(expected(sources[index]))}`;
}
