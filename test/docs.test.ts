/** Every `ts` block of README and docs/ runs as it stands, from the root of the package. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

const FOLDER = 'build/docs';

interface Block {
  readonly name: string;
  readonly code: string;
}

const pages = ['README.md', ...readdirSync('docs').map((page) => `docs/${page}`)].filter((page) =>
  page.endsWith('.md'),
);

describe('documentation', () => {
  beforeAll(() => {
    rmSync(FOLDER, { recursive: true, force: true });
    mkdirSync(FOLDER, { recursive: true });
    vi.spyOn(console, 'log').mockImplementation(() => {});
  });
  afterAll(() => vi.restoreAllMocks());

  const blocks = pages.flatMap(blocksOf);

  it('README shows programs', () => {
    expect(blocks.filter(({ name }) => name.startsWith('README')).length).toBeGreaterThan(2);
  });

  it.each(blocks)('$name runs', async ({ name, code }) => {
    const file = path.resolve(FOLDER, `${name.replaceAll(/\W+/g, '-')}.ts`);
    writeFileSync(file, code);
    await import(file);
  });

  it.each(pages)('%s links to files that exist', (page) => {
    const text = readFileSync(page, 'utf8');
    const links = Array.from(text.matchAll(/\]\((?!https?:)([^)#]+)/g), ([, link]) => link!);
    const missing = links.filter((link) => {
      try {
        readFileSync(path.join(path.dirname(page), link));
        return false;
      } catch (error) {
        return (error as NodeJS.ErrnoException).code !== 'EISDIR';
      }
    });
    expect(missing).toEqual([]);
  });
});

/** Pages that name files of the sources. */
const naming = [
  ...pages,
  'CONTRIBUTING.md',
  'assembly/README.md',
  'test/README.md',
  'bench/README.md',
];

describe('pages', () => {
  it.each(naming)('%s names files and folders that exist', (page) => {
    const text = readFileSync(page, 'utf8').replaceAll(/```[\s\S]*?```/g, '');
    const named = Array.from(
      text.matchAll(/`([\w.-]+(?:\/[\w.-]+)*\/?)[:`]/g),
      ([, name]) => name!,
    );
    const files = named.filter((name) =>
      /\/.*\.(ts|js|py)$|^(src|test|assembly|tools|bench)\//.test(name),
    );
    const missing = files.filter(
      (name) => !ROOTS.some((root) => existsSync(path.join(root, name))),
    );
    expect(missing).toEqual([]);
  });
});

/** Where a page's paths may begin: a page says `memory/layout.ts` of assembly/memory/layout.ts. */
const ROOTS = ['.', 'src', 'assembly', 'src/weights', 'build', 'build/js', 'test', 'bench', 'docs'];

function blocksOf(page: string): Block[] {
  const text = readFileSync(page, 'utf8');
  return Array.from(text.matchAll(/```ts\n([\s\S]*?)```/g), ([, code], i) => ({
    name: `${path.basename(page, '.md')} block ${i + 1}`,
    code: code!,
  }));
}
