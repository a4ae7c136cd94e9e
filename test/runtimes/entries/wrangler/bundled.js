/**
 * For wrangler a program has a default export, and `.wasm` is a module of Workers: those of the
 * package are within.
 */
import '../bundled-single.js';

// biome-ignore lint/style/noDefaultExport: that is how wrangler knows a module
export default {};
