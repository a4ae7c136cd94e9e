/**
 * Counts the WebAssembly instructions that one forward pass executes: a figure without noise. In:
 * the text of a shipped module, which has one instruction a line. A counter is inserted before
 * every straight run of instructions and adds the number of its instructions; the resulting module
 * runs once on zero weights. Not counted is what compilers make no instruction of: locals,
 * constants and the marks of structure.
 */
import { instantiateSync } from '@assemblyscript/loader';
import binaryen from 'assemblyscript/binaryen';
import { MobileBertConfig } from '../../src/config/config.ts';
import type { Exports } from '../../src/engine/abi.ts';
import { Engine, type Request } from '../../src/engine/engine.ts';
import { dimensionsOf } from '../../src/models/dimensions.ts';
import { count, functionText, innermostLoops } from '../../test/support/wat.ts';

/** Executed instructions by kind. */
export interface Counts {
  readonly all: number;
  /** Vectors of four multiplications, fused with an addition or not. */
  readonly products: number;
  readonly loads: number;
  readonly stores: number;
}

type Kind = keyof Counts;

const KINDS: Record<Kind, RegExp> = {
  all: /./,
  products: /^f32x4\.(mul|relaxed_madd)/,
  loads: /^v128\.load/,
  stores: /^v128\.store/,
};
const FREE = /^(local\.\S+|\S+\.const|block|loop|end|else|nop|drop|unreachable)\b/;
/** A straight run ends with one of these. */
const ENDS_RUN = /^(block|loop|if|else|end|br\S*|return)\b/;
/** Lines that are not instructions. */
const DECLARATION = /^ *\((param|result|local|type|func|export|global|memory|data|table|elem)\b/;

type Counted = Exports & Record<Kind, WebAssembly.Global<'i64'>>;

/** A module of the released size that counts what it executes. */
export class CountingModule {
  readonly #exports: Counted;
  readonly #engine: Engine;

  constructor(wat: string) {
    const text = withCounters(wat);
    const module = binaryen.parseText(text);
    module.setFeatures(binaryen.Features.All);
    const bytes = Uint8Array.from(module.emitBinary());
    module.dispose();
    this.#exports = instantiateSync<Counted & Record<string, unknown>>(bytes).exports;
    const dimensions = dimensionsOf(new MobileBertConfig(), {
      token: { name: 'qa_outputs', labels: 2 },
    });
    this.#engine = new Engine(this.#exports, 'simd', dimensions);
    this.#engine.seal();
  }

  /** The instructions of one pass over S tokens. */
  forward(S: number): Counts {
    const request: Request = {
      lengths: Int32Array.of(S),
      inputIds: new Int32Array(S),
      tokenTypeIds: new Int32Array(S),
      positionIds: new Int32Array(S),
      attentionMask: new Int32Array(S).fill(1),
      outputs: ['TokenLogits'],
    };
    const kinds = Object.keys(KINDS) as Kind[];
    // The first call plans the arena.
    this.#engine.forward(request);
    for (const kind of kinds) this.#exports[kind].value = 0n;
    this.#engine.forward(request);
    const counts = kinds.map((kind) => [kind, Number(this.#exports[kind].value)]);
    return Object.fromEntries(counts) as unknown as Counts;
  }
}

/** One k-step of a product's tile. */
export interface Step extends Counts {
  /** The kernel's name, without its file. */
  readonly name: string;
  /** Rows of the tile: one splat of A for each. */
  readonly rows: number;
}

/** The k-steps of all tiles of all product kernels in a module's text. */
export function stepsOf(wat: string): Step[] {
  const names = wat.matchAll(/^ \(func \$(assembly\/kernels\/gemm-f32\S*)/gm);
  return Array.from(names, ([, full]) => full).flatMap((full) =>
    innermostLoops(functionText(wat, full)).map((body) => ({
      name: full.slice(full.lastIndexOf('/') + 1),
      rows: count(body, /v128\.load32_splat/),
      ...countsOf(body.split('\n')),
    })),
  );
}

/** The module's text with a counter at the start of every straight run. */
function withCounters(wat: string): string {
  const lines: string[] = [];
  let run: string[] = [];
  const finishRun = () => {
    lines.push(...additions(run), ...run);
    run = [];
  };
  let isInFunction = false;
  for (const text of wat.trimEnd().split('\n').slice(0, -1)) {
    const line = text.trim();
    if (/^ \(func \$/.test(text)) isInFunction = true;
    if (!isInFunction || DECLARATION.test(text)) {
      lines.push(text);
      continue;
    }
    if (text === ' )') {
      finishRun();
      isInFunction = false;
      lines.push(text);
      continue;
    }
    run.push(text);
    if (ENDS_RUN.test(line)) finishRun();
  }
  const globals = Object.keys(KINDS).map(
    (kind) => ` (global $${kind} (export "${kind}") (mut i64) (i64.const 0))`,
  );
  return [...lines, ...globals, ')'].join('\n');
}

/** The instructions that add a run's counts to the counters. */
function additions(run: readonly string[]): string[] {
  return Object.entries(countsOf(run)).flatMap(([kind, count]) => {
    const name = `$${kind}`;
    return count
      ? [`global.get ${name}`, `i64.const ${count}`, 'i64.add', `global.set ${name}`]
      : [];
  });
}

function countsOf(lines: readonly string[]): Counts {
  const executed = lines.map((line) => line.trim()).filter((line) => !FREE.test(line));
  const counts = Object.entries(KINDS).map(([kind, pattern]) => [
    kind,
    executed.filter((line) => pattern.test(line)).length,
  ]);
  return Object.fromEntries(counts);
}
