/**
 * The builds of the WebAssembly module: the one list. asconfig.json has a target of the same name
 * for each; everything else that goes by builds (the package's files and entries, the choice at run
 * time, tests and benches) is derived from here.
 */

/** What a build is made with, and where it goes. */
export interface BuildTraits {
  /** The constants of its target in asconfig.json: assembly/simd/build.ts says what they mean. */
  readonly constants: Readonly<Record<'FUSED' | 'DOT' | 'TAP' | 'THREADS', 0 | 1>>;
  /**
   * Who gets it: every user; users whose modules have URLs, which are all but those of single files
   * and the edge; users whose runtime has files; or nobody but tests.
   */
  readonly ships: 'everywhere' | 'by url' | 'with files' | 'never';
  /** It is part of what an edge function uploads, where modules cannot be compiled from bytes. */
  readonly isOnEdge: boolean;
}

/** Slowest first; the baseline, which runs everywhere, is the first. */
export const BUILDS = {
  simd: {
    constants: { FUSED: 0, DOT: 0, TAP: 0, THREADS: 0 },
    ships: 'everywhere',
    isOnEdge: true,
  },
  dot: { constants: { FUSED: 0, DOT: 1, TAP: 0, THREADS: 0 }, ships: 'everywhere', isOnEdge: true },
  // fp32 gains from it, but few edge functions run fp32: init() takes it there.
  relaxed: {
    constants: { FUSED: 1, DOT: 1, TAP: 0, THREADS: 0 },
    ships: 'everywhere',
    isOnEdge: false,
  },
  // The same for a team of threads, loaded where one is asked for.
  'simd-threads': {
    constants: { FUSED: 0, DOT: 0, TAP: 0, THREADS: 1 },
    ships: 'by url',
    isOnEdge: false,
  },
  'dot-threads': {
    constants: { FUSED: 0, DOT: 1, TAP: 0, THREADS: 1 },
    ships: 'by url',
    isOnEdge: false,
  },
  'relaxed-threads': {
    constants: { FUSED: 1, DOT: 1, TAP: 0, THREADS: 1 },
    ships: 'by url',
    isOnEdge: false,
  },
  calibration: {
    constants: { FUSED: 0, DOT: 0, TAP: 1, THREADS: 0 },
    ships: 'with files',
    isOnEdge: false,
  },
  debug: { constants: { FUSED: 0, DOT: 0, TAP: 0, THREADS: 0 }, ships: 'never', isOnEdge: false },
  'debug-threads': {
    constants: { FUSED: 0, DOT: 0, TAP: 0, THREADS: 1 },
    ships: 'never',
    isOnEdge: false,
  },
} as const satisfies Record<string, BuildTraits>;

/** Every target. */
export type BuildName = keyof typeof BUILDS;

/**
 * The builds that models run: `simd` everywhere; `dot` has relaxed integer dot products, for q8,
 * and the same bits; `relaxed` fuses multiply and add as well.
 */
export type Build = {
  [Name in BuildName]: (typeof BUILDS)[Name]['ships'] extends 'everywhere' ? Name : never;
}[BuildName];

/** The build of the same arithmetic for a team of threads over shared memory. */
export type ThreadedBuild = `${Build}-threads`;

/** What a build can do, by its constants: the same rules as assembly/simd/build.ts. */
export function abilitiesOf({ constants: { FUSED, DOT, TAP, THREADS } }: BuildTraits) {
  return {
    /** Needs relaxed SIMD. */
    isRelaxed: FUSED === 1 || DOT === 1,
    /** Multiply-adds round once. */
    isFused: FUSED === 1,
    /** Integer sums are relaxed dot products. */
    hasDot: DOT === 1,
    /** q8-fast: rows may be quantised to 8 bits. */
    hasByteRows: DOT === 1 && FUSED === 1,
    /** fp32 and fp16 run. */
    hasFloats: FUSED === 1 || DOT === 0,
    /** Several threads run one pass; memory is shared and comes from the host. */
    isThreaded: THREADS === 1,
    /** fp16 and q8 run. */
    hasQuantized: TAP === 0,
  };
}

/** The names of builds that fulfil a condition, in the list's order. */
export function buildsWhere<Name extends string>(
  builds: Readonly<Record<Name, BuildTraits>>,
  isWanted: (traits: BuildTraits) => boolean,
): Name[] {
  return (Object.keys(builds) as Name[]).filter((name) => isWanted(builds[name]));
}

/** The builds that models run, slowest first. */
export const MODEL_BUILDS = buildsWhere(
  BUILDS,
  ({ ships }) => ships === 'everywhere',
) as readonly Build[];
