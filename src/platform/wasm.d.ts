/** Static imports of WebAssembly modules, as edge runtimes and their bundlers resolve them. */
declare module '*.wasm' {
  const module: WebAssembly.Module;
  // biome-ignore lint/style/noDefaultExport: that is how those bundlers export a module
  export default module;
}
