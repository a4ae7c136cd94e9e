/**
 * What this WebAssembly engine can do, and whether its results are right. It is not enough that a
 * module validates: V8 11.3 (Node 20) behind its flag accepts relaxed SIMD and computes wrong sums.
 * The probe is written by hand, below; it is no AssemblyScript and needs no loader.
 */

/**
 * (module
 *   (memory (export "memory") 1)
 *   ;; sum over `count` blocks of 32 bytes: 16 signed bytes times 16 unsigned ones
 *   (func (export "dot") (param $count i32) (result i32)
 *     (local $p i32) (local $end i32) (local $acc v128)
 *     (local.set $end (i32.shl (local.get $count) (i32.const 5)))
 *     (loop $next
 *       (local.set $acc (i32x4.relaxed_dot_i8x16_i7x16_add_s
 *         (v128.load (local.get $p)) (v128.load offset=16 (local.get $p)) (local.get $acc)))
 *       (br_if $next (i32.lt_u
 *         (local.tee $p (i32.add (local.get $p) (i32.const 32))) (local.get $end))))
 *     ;; lanes 0 + 1 + 2 + 3 of $acc
 *     ...)
 *   (func (export "madd") (param $a f32) (param $b f32) (param $c f32) (result f32)
 *     (f32x4.extract_lane 0 (f32x4.relaxed_madd
 *       (f32x4.splat (local.get $a)) (f32x4.splat (local.get $b)) (f32x4.splat (local.get $c))))))
 */
export const RELAXED_PROBE =
  'AGFzbQEAAAABDQJgAX8Bf2ADfX19AX0DAwIAAQUDAQABBxcDBm1lbW9yeQIAA2RvdAAABG1hZGQAAQpdAkYCAn8BeyAA' +
  'QQV0IQIDQCAB/QAEACAB/QAEECAD/ZMCIQMgAUEgaiIBIAJJDQALIAP9GwAgA/0bAWogA/0bAmogA/0bA2oLFAAgAP0T' +
  'IAH9EyAC/RP9hQL9HwAL';

interface RelaxedProbe {
  readonly memory: WebAssembly.Memory;
  dot(count: number): number;
  madd(a: number, b: number, c: number): number;
}

/** What relaxed SIMD of this engine computes correctly. */
interface Features {
  /** Multiply-adds and dot products give results that the specification allows. */
  readonly relaxedSimd: boolean;
  /** Dot products take unsigned bytes up to 255: x86 with VNNI. */
  readonly unsignedDot: boolean;
}

let features: Features | undefined;

/**
 * Whether relaxed SIMD is there and its results are right. Decided once per process.
 *
 * @param module the probe, compiled, where the host forbids compiling it here
 */
export function relaxedSimdWorks(module?: WebAssembly.Module): boolean {
  features ??= probe(module);
  return features.relaxedSimd;
}

/**
 * Whether relaxed dot products of signed by unsigned bytes are exact. The specification lets
 * machines differ where the second operand is past 127: some saturate, some read it as negative.
 *
 * @param module the probe, compiled, where the host forbids compiling it here
 */
export function unsignedDotWorks(module?: WebAssembly.Module): boolean {
  features ??= probe(module);
  return features.unsignedDot;
}

function probe(module: WebAssembly.Module | undefined): Features {
  try {
    const instance = new WebAssembly.Instance(module ?? compileProbe());
    const exports = instance.exports as unknown as RelaxedProbe;
    const relaxedSimd = sumsRight(exports, 128) && multipliesRight(exports);
    return { relaxedSimd, unsignedDot: relaxedSimd && sumsRight(exports, 256) };
  } catch {
    // No relaxed SIMD, or a host that forbids compiling: the baseline build runs there.
    return { relaxedSimd: false, unsignedDot: false };
  }
}

function compileProbe(): WebAssembly.Module {
  return new WebAssembly.Module(Uint8Array.from(atob(RELAXED_PROBE), (c) => c.charCodeAt(0)));
}

/** Whether sums of signed bytes times unsigned ones below `limit` are exact. */
function sumsRight({ memory, dot }: RelaxedProbe, limit: number): boolean {
  const blocks = 16;
  const data = new Uint8Array(memory.buffer, 0, 32 * blocks);
  let expected = 0;
  for (let i = 0; i < 16 * blocks; i++) {
    const weight = ((i * 67) % 255) - 127;
    const activation = (i * 29) % limit;
    const at = 32 * (i >> 4) + (i & 15);
    data[at] = weight;
    data[at + 16] = activation;
    expected += weight * activation;
  }
  return dot(blocks) === expected;
}

/** A madd may be fused or not, but nothing else. */
function multipliesRight({ madd }: RelaxedProbe): boolean {
  // (1 + 2^-12)^2 - 1 = 2^-11 + 2^-24; without fusing the last bit is rounded away.
  const product = madd(1 + 2 ** -12, 1 + 2 ** -12, -1);
  const isMadd = product === 2 ** -11 + 2 ** -24 || product === 2 ** -11;
  return isMadd && madd(3, 4, 5) === 17;
}
