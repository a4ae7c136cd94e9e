/** The house rules that can be read off the sources: who imports whom, lengths, the exports map. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

/** Room of src/ -> rooms it may import. A room is a folder of src/, or a file directly in it. */
const SRC: Record<string, readonly string[]> = {
  builds: [],
  errors: [],
  log: [],
  options: [],
  json: [],
  numerics: [],
  callable: [],
  tensor: ['errors'],
  platform: ['builds', 'errors'],
  hub: ['platform', 'options', 'json', 'log', 'errors'],
  config: ['options', 'json', 'errors'],
  tokenizer: ['tensor', 'options', 'json', 'log', 'errors', 'callable'],
  weights: ['config', 'platform', 'numerics', 'json', 'errors'],
  engine: ['platform', 'builds', 'numerics', 'options', 'errors'],
  models: [
    'weights',
    'engine',
    'hub',
    'platform',
    'config',
    'tensor',
    'numerics',
    'callable',
    'options',
    'json',
    'log',
    'errors',
  ],
  calibration: [
    'models',
    'weights',
    'engine',
    'numerics',
    'config',
    'platform',
    'options',
    'errors',
  ],
  conversion: ['calibration', 'models', 'hub', 'config', 'tensor'],
  pipelines: [
    'models',
    'tokenizer',
    'hub',
    'config',
    'tensor',
    'engine',
    'callable',
    'options',
    'log',
    'errors',
  ],
  qna: ['pipelines', 'hub', 'options'],
  serve: ['pipelines', 'models', 'hub', 'options', 'errors'],
  cli: [
    'conversion',
    'calibration',
    'pipelines',
    'models',
    'tokenizer',
    'hub',
    'config',
    'tensor',
    'engine',
    'json',
    'options',
    'errors',
  ],
  index: [
    'conversion',
    'calibration',
    'pipelines',
    'models',
    'tokenizer',
    'hub',
    'config',
    'tensor',
    'engine',
    'errors',
  ],
};

/** What a room may import dynamically on top: so that an entry stays small until it is needed. */
const DYNAMIC: Record<string, readonly string[]> = { tokenizer: ['hub'] };

/** Inner rooms of src/tokenizer: text <- batch <- files <- api. */
const TOKENIZER: Record<string, readonly string[]> = {
  text: [],
  batch: ['text'],
  files: ['batch', 'text'],
  api: ['files', 'batch', 'text'],
};

/** Floors of assembly/, downward only. */
const ASSEMBLY: Record<string, readonly string[]> = {
  abi: [],
  simd: [],
  kernels: ['simd', 'abi'],
  memory: ['kernels', 'simd', 'abi'],
  threads: ['memory', 'simd', 'abi'],
  ops: ['threads', 'kernels', 'memory', 'simd', 'abi'],
  model: ['ops', 'threads', 'kernels', 'memory', 'simd', 'abi'],
  index: ['model', 'memory', 'simd', 'abi'],
  threaded: ['index', 'model', 'threads', 'memory'],
  calibration: ['index', 'model', 'ops', 'kernels', 'memory', 'simd', 'abi'],
  testing: ['index', 'model', 'ops', 'kernels', 'memory', 'simd', 'abi'],
};

/** Lines a file may have: a kernel or model page fits two screens, nothing is a god file. */
const BUDGETS: readonly [RegExp, number][] = [
  // All records of linear memory on one page, and all that a host can do with a model's memory.
  [/^(assembly\/memory\/layout|src\/engine\/engine)\.ts$/, 440],
  [/^assembly\/(model|ops)\//, 200],
  [/^(assembly|src)\//, 400],
];

interface Import {
  readonly file: string;
  readonly target: string;
  readonly isDynamic: boolean;
}

describe.each([
  ['src', SRC],
  ['src/tokenizer', TOKENIZER],
  ['assembly', ASSEMBLY],
] as const)('%s/', (root, rules) => {
  const files = sources(root);

  it('has a rule for every room', () => {
    expect([...new Set(files.map((file) => room(file, root)))].sort()).toEqual(
      Object.keys(rules).sort(),
    );
  });

  it('imports in the allowed directions only', () => {
    const broken = files.flatMap(importsOf).filter(({ file, target, isDynamic }) => {
      if (!target.startsWith(`${root}/`)) return false;
      const [from, to] = [room(file, root), room(target, root)];
      const allowed = [...(rules[from] ?? []), ...(isDynamic ? (DYNAMIC[from] ?? []) : [])];
      return from !== to && !allowed.includes(to);
    });
    expect(broken).toEqual([]);
  });

  it('has no import circle between files, type-only and dynamic imports included', () => {
    expect(findCircles(files)).toEqual([]);
  });
});

describe('sources', () => {
  const files = [...sources('src'), ...sources('assembly')];

  it.each(files)('%s keeps to its budget of lines', (file) => {
    const [, budget] = BUDGETS.find(([pattern]) => pattern.test(file))!;
    expect(readFileSync(file, 'utf8').split('\n').length).toBeLessThanOrEqual(budget);
  });

  it('name runtimes in src/platform and src/cli only', () => {
    expect(
      offenders(/from 'node:|\b(process|Deno|Bun|navigator)\./, /^src\/(platform|cli)\//),
    ).toEqual([]);
  });

  it('touch WebAssembly in src/engine and src/platform only, as values', () => {
    // A type of an option may be a WebAssembly.Module; making one is the engine's business.
    expect(
      offenders(
        /\bWebAssembly\.(instantiate|compile|validate|Memory)/,
        /^src\/(engine|platform|calibration)\//,
      ),
    ).toEqual([]);
  });

  it('touch linear memory in src/engine only', () => {
    expect(offenders(/\.memory\.(buffer|grow)|\bmemory\b[^;]*\.buffer/, /^src\/engine\//)).toEqual(
      [],
    );
    // What packed bytes mean is known to the packed format's owner alone.
    expect(offenders(/\.storage\(/, /^src\/engine\/(engine\.ts|packed\/)/)).toEqual([]);
  });

  it('read the constants of a build in assembly/simd/build.ts only', () => {
    const asking = sources('assembly').filter((file) =>
      /ASC_FEATURE_|\b(FUSED|DOT|TAP)\b/.test(code(file)),
    );
    expect(asking.filter((file) => !file.startsWith('assembly/simd/build'))).toEqual([]);
  });

  it('have no default exports and no code made from text', () => {
    expect(offenders(/export default|\beval\(|new Function\(/, /^$/)).toEqual([]);
  });

  function offenders(pattern: RegExp, allowed: RegExp): string[] {
    return sources('src')
      .filter((file) => !file.endsWith('.d.ts'))
      .filter((file) => !allowed.test(file) && pattern.test(code(file)));
  }
});

describe('package.json', () => {
  const manifest = JSON.parse(readFileSync('package.json', 'utf8'));

  it('exports, imports and bin name sources that exist', () => {
    const targets = JSON.stringify([manifest.exports, manifest.imports, manifest.bin]).match(
      /build\/js\/[\w/-]+\.js/g,
    );
    const missing = (targets ?? []).filter(
      (target) => !existsSync(target.replace('build/js', 'src').replace(/\.js$/, '.ts')),
    );
    expect(missing).toEqual([]);
  });

  it('has no run-time dependencies', () => {
    expect(manifest.dependencies ?? {}).toEqual({});
  });
});

function sources(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => path.posix.join(root, file.replaceAll(path.sep, '/')))
    .sort();
}

/** The folder below the root, or the file's name where it lies directly in the root. */
function room(file: string, root: string): string {
  return file
    .slice(root.length + 1)
    .replace(/\.(d\.)?ts$/, '')
    .split('/')[0]!;
}

/** The text without comments. */
function code(file: string): string {
  return readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
}

function importsOf(file: string): Import[] {
  const found = code(file).matchAll(/(?:from\s+|import\s*(\()?\s*)'(\.[^']+|#platform)'/g);
  return Array.from(found, ([, dynamic, specifier]) => ({
    file,
    target:
      specifier === '#platform'
        ? 'src/platform/types.ts'
        : path.posix.join(path.posix.dirname(file), specifier!).replace(/(\.ts)?$/, '.ts'),
    isDynamic: dynamic !== undefined,
  }));
}

/**
 * The import circles between files, of static, type-only and dynamic imports: the strongly connected
 * components of more than one file (Tarjan 1972), each sorted.
 */
function findCircles(files: readonly string[]): string[][] {
  const circles: string[][] = [];
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const visit = (file: string): void => {
    const index = order.size;
    order.set(file, index);
    lowest.set(file, index);
    open.push(file);
    for (const { target } of importsOf(file)) {
      if (!existsSync(target)) continue;
      if (!order.has(target)) visit(target);
      if (!open.includes(target)) continue;
      lowest.set(file, Math.min(lowest.get(file)!, lowest.get(target)!));
    }
    if (lowest.get(file) !== index) return;
    const circle = open.splice(open.indexOf(file));
    if (circle.length > 1) circles.push(circle.sort());
  };
  for (const file of files) if (!order.has(file)) visit(file);
  return circles.sort(([a], [b]) => (a! < b! ? -1 : 1));
}
