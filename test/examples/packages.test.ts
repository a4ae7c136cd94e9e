/** Each example is a package of its own, which runs where it is copied to. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseCsv } from '../../examples/demo/csv.js';
import { ASKED, BOOKINGS, QUESTIONS } from '../../examples/demo/texts.js';

interface TestFile {
  readonly questions: object;
  readonly utterances: readonly object[];
}

const { name, version } = JSON.parse(readFileSync('package.json', 'utf8'));
const examples = readdirSync('examples', { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules')
  .map((entry) => entry.name);

const filesOf = (example: string) =>
  readdirSync(path.join('examples', example)).map((file) => path.join('examples', example, file));

const manifestOf = (example: string) =>
  JSON.parse(readFileSync(`examples/${example}/package.json`, 'utf8'));

describe('examples/', () => {
  it.each(examples)(
    '%s has a package.json that asks for this version of the package',
    (example) => {
      const manifest = manifestOf(example);
      expect(manifest).toMatchObject({ private: true, type: 'module' });
      expect(manifest.dependencies[name]).toBe(`^${version}`);
      expect(manifest.scripts.start).toEqual(expect.any(String));
    },
  );

  it.each(examples)(
    '%s imports nothing but its dependencies, its runtime and its files',
    (example) => {
      const { dependencies, devDependencies } = manifestOf(example);
      const known = Object.keys({ ...dependencies, ...devDependencies });
      for (const file of filesOf(example).filter((one) => one.endsWith('.js'))) {
        const text = readFileSync(file, 'utf8');
        for (const [, found] of text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)) {
          const isOwn =
            /^\.\/[\w-]+\.js$/.test(found!) && existsSync(path.join('examples', example, found!));
          const packageName = /^(@[^/]+\/)?[^/]+/.exec(found!)![0];
          expect([
            file,
            found,
            isOwn || found!.startsWith('node:') || known.includes(packageName),
          ]).toEqual([file, found, true]);
        }
      }
    },
  );

  it('demo has the labels of its texts as the test files have them', () => {
    const samples = JSON.parse(readFileSync('examples/demo/samples.json', 'utf8'));
    const { 'banking77-intents': questions, ...bookings } = samples;
    const csv = parseCsv(readFileSync('models/banking77-intents/test.csv', 'utf8'));
    for (const one of questions) expect(csv).toContainEqual(one);
    for (const [model, sample] of Object.entries<TestFile>(bookings)) {
      const whole = JSON.parse(readFileSync(`models/${model}/test.json`, 'utf8'));
      for (const one of sample.utterances) expect(whole.utterances).toContainEqual(one);
      expect(sample.questions).toEqual(whole.questions);
    }
    const shown = [questions, ...Object.values<TestFile>(bookings).map((one) => one.utterances)];
    expect(shown.map(({ length }) => length)).toEqual(
      [QUESTIONS, BOOKINGS, ASKED].map(({ length }) => length),
    );
  });
});

describe('an example that was copied out', () => {
  let folder = '';
  const children: ChildProcess[] = [];

  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'mobilebert-'));
    for (const example of ['demo', 'node-server', 'browser']) {
      cpSync(`examples/${example}`, path.join(folder, example), { recursive: true });
      mkdirSync(path.join(folder, example, 'node_modules'), { recursive: true });
      // Only what the package ships.
      const place = path.join(folder, example, 'node_modules', name);
      mkdirSync(path.join(place, 'build'), { recursive: true });
      cpSync('package.json', path.join(place, 'package.json'));
      for (const part of ['js', 'wasm', 'models']) {
        symlinkSync(path.resolve('build', part), path.join(place, 'build', part), 'junction');
      }
    }
  });

  afterAll(() => {
    for (const child of children) child.kill();
    rmSync(folder, { recursive: true });
  });

  // Links are kept as they are, so that modules find the package.json beside them.
  const run = (example: string, ...args: string[]) =>
    execFileSync(process.execPath, ['--preserve-symlinks', ...args], {
      cwd: path.join(folder, example),
      encoding: 'utf8',
    });

  it('demo shows its texts with marks, and reads a typed one', () => {
    const shown = run('demo', 'demo.js');
    expect(shown).toMatch(/^✓ {2}How old do I have to be\? +age limit +\d+\.\d %$/m);
    expect(shown).not.toContain('The test files');
    expect(run('demo', 'demo.js', 'A table for two at 8pm')).toMatch(/^two +people +\d+\.\d %$/m);
  });

  it('browser copies its model to where the page loads it from', () => {
    run('browser', 'models.js');
    const copied = readdirSync(path.join(folder, 'browser/public/models/banking77-intents'));
    expect(copied).toContain('model.q8.safetensors');
  });

  it('node-server answers', async () => {
    const port = await freePort();
    const child = spawn(process.execPath, ['--preserve-symlinks', 'server.js'], {
      cwd: path.join(folder, 'node-server'),
      env: { ...process.env, PORT: String(port) },
      stdio: 'ignore',
    });
    children.push(child);
    const url = `http://127.0.0.1:${port}`;
    await expect
      .poll(
        () =>
          fetch(`${url}/healthz`).then(
            ({ ok }) => ok,
            () => false,
          ),
        { timeout: 20_000 },
      )
      .toBe(true);
    const ask = async (route: string, body: object) => {
      const response = await fetch(url + route, { method: 'POST', body: JSON.stringify(body) });
      expect(response.status).toBe(200);
      return ((await response.json()) as { results: unknown }).results;
    };
    const texts = ['I lost my card in Rome'];
    expect(await ask('/classify', { texts })).toMatchObject([
      [{ label: 'lost_or_stolen_card' }, {}, {}],
    ]);
    expect(await ask('/ner', { texts: ['A table for two'] })).toMatchObject([[{ word: 'two' }]]);
    const question = { question: 'What time?', context: 'A table for two at 8pm' };
    expect(await ask('/answer', question)).toMatchObject([{ answer: '8pm' }]);
  });
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
