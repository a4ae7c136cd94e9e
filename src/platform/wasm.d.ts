/** Static imports of WebAssembly modules, as edge runtimes and their bundlers resolve them. */
declare module '*.wasm' {
  const module: WebAssembly.Module;
  // biome-ignore lint/style/noDefaultExport: that is how those bundlers export a module
  export default module;
}

/** The modules as text, in base64: tools/build/package.js writes it beside them. */
declare module '*/wasm/inline.js' {
  export const simd: string;
  export const dot: string;
  export const relaxed: string;
}
