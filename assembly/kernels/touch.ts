/**
 * Brings panels near before a product reads them. WebAssembly has no prefetch, and a product's own loads
 * come too far apart to keep memory busy: where weights lie in memory or a shared cache, a burst of
 * loads, one for each line, is the faster way to have them. Eight streams side by side, a page or so
 * each, keep more lines on the way than one behind the other (docs/kernels.md).
 */

/** About what one burst should bring: what stays near until the product is there. */
export const TOUCH_BYTES: usize = 32768;

/** Keeps the loads from being dropped as unused. */
let seen: i32 = 0;

/** Reads one vector of every 64 bytes of `bytes` at `panels`, but for up to 511 bytes at the end. */
export function touch(panels: usize, bytes: usize): void {
  const stream = (bytes >> 3) & ~63;
  const end = panels + stream;
  let a = i32x4.splat(0);
  let b = a;
  for (let p = panels, q = panels + 4 * stream; p < end; p += 64, q += 64) {
    a = v128.xor(a, v128.load(p));
    b = v128.xor(b, v128.load(p + stream));
    a = v128.xor(a, v128.load(p + 2 * stream));
    b = v128.xor(b, v128.load(p + 3 * stream));
    a = v128.xor(a, v128.load(q));
    b = v128.xor(b, v128.load(q + stream));
    a = v128.xor(a, v128.load(q + 2 * stream));
    b = v128.xor(b, v128.load(q + 3 * stream));
  }
  seen = i32x4.extract_lane(v128.xor(a, b), 0);
}
