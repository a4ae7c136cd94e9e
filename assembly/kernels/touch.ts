/**
 * Brings a panel near before the product reads it. WebAssembly has no prefetch, and a product's own loads
 * of a panel come too far apart to keep memory busy: where weights lie in memory or a shared cache, a
 * burst of loads, one for each line, is the faster way to have them (docs/kernels.md).
 */

/** Keeps the loads from being dropped as unused. */
let seen: i32 = 0;

/** Reads one vector of every 64 bytes of `bytes` at `panel`, and of up to 192 bytes behind them. */
export function touch(panel: usize, bytes: usize): void {
  const end = panel + bytes;
  let a = i32x4.splat(0);
  let b = a;
  for (; panel < end; panel += 256) {
    a = v128.xor(a, v128.load(panel));
    b = v128.xor(b, v128.load(panel, 64));
    a = v128.xor(a, v128.load(panel, 128));
    b = v128.xor(b, v128.load(panel, 192));
  }
  seen = i32x4.extract_lane(v128.xor(a, b), 0);
}
