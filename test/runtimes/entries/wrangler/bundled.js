/**
 * wrangler expects a default export and takes `.wasm` files for modules of Workers, so the
 * package's modules are held as text.
 */
import '../bundled-single.js';

// biome-ignore lint/style/noDefaultExport: that is how wrangler knows a module
export default {};
