/**
 * What tools/build writes into build/wasm beside the modules, by the list of builds in
 * src/builds.ts.
 */

/**
 * Where each module is. The URLs stand written out, because bundlers look for exactly that form.
 */
declare module '*/wasm/urls.js' {
  export const urls: Readonly<
    Record<import('../builds.ts').Build | import('../builds.ts').ThreadedBuild, () => URL>
  >;
}

/** The same for runtimes with files, with the build for calibration. */
declare module '*/wasm/node-urls.js' {
  export const urls: Readonly<
    Record<
      import('../builds.ts').Build | import('../builds.ts').ThreadedBuild | 'calibration',
      () => URL
    >
  >;
}

/** Modules that arrive compiled, as edge runtimes and their bundlers import them. */
declare module '*/wasm/workerd.js' {
  export const modules: Readonly<Partial<Record<import('../builds.ts').Build, WebAssembly.Module>>>;
  export const probe: WebAssembly.Module;
}

/** The modules in base64. */
declare module '*/wasm/inline.js' {
  export const modules: Readonly<Record<import('../builds.ts').Build, string>>;
}
