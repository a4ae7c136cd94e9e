/** The last step of the build: modules as text, models in q8. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { pipeline } from '../../src/pipelines/pipeline.ts';
import { readBuild } from '../support/variants.ts';

describe('mobilebert-wasm/inline', () => {
  it.each(['simd', 'dot', 'relaxed'] as const)(
    'inlineWasm() has the bytes of %s',
    async (build) => {
      const { inlineWasm } = await import('mobilebert-wasm/inline');
      expect(inlineWasm()[build]).toEqual(readBuild(`${build}.wasm`));
    },
  );
});

describe('build/models', () => {
  const names = readdirSync('models').filter((name) =>
    existsSync(`models/${name}/model.safetensors`),
  );

  it.each(names)('%s is in q8, with its card and licence, and nothing of its training', (name) => {
    const files = readdirSync(`build/models/${name}`);
    expect(files).toEqual(
      expect.arrayContaining(['README.md', 'config.json', 'model.q8.safetensors', 'vocab.txt']),
    );
    expect(files.filter((file) => /^model\.safetensors$|^test\./.test(file))).toEqual([]);
    const licences = readdirSync(`models/${name}`).filter((file) => file.startsWith('LICENSE'));
    expect(files).toEqual(expect.arrayContaining(licences));
    expect(readFileSync(`build/models/${name}/README.md`, 'utf8')).toContain('in q8');
  });

  it('banking77-intents answers', async () => {
    const classify = await pipeline('text-classification', 'build/models/banking77-intents');
    const [answer] = await classify('I lost my card in Rome');
    expect(answer!.label).toBe('lost_or_stolen_card');
    expect((await classify.model.info()).dtype).toBe('q8');
    await classify.dispose();
  });
});
