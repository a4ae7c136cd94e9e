import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withNearFolders } from '../../../src/cli/near-folders.ts';
import { FilesError, WeightsError } from '../../../src/errors.ts';

let root = '';

beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'mobilebert-'));
  for (const folder of [
    'models/bookings',
    'models/intents',
    'models/deep/er/intents-q8',
    'empty',
  ]) {
    mkdirSync(path.join(root, folder), { recursive: true });
  }
  for (const folder of ['models/bookings', 'models/intents', 'models/deep/er/intents-q8']) {
    writeFileSync(path.join(root, folder, 'config.json'), '{}');
  }
});

afterAll(() => rmSync(root, { recursive: true }));

/** The message for a folder below the root, whose opening fails. */
async function messageFor(source: string, error: Error = new FilesError('Cannot open it', source)) {
  const work = () => Promise.reject(error);
  const place = path.join(root, source);
  const failed = await withNearFolders(place, work).catch((failure: Error) => failure);
  return (failed as Error).message.replaceAll(`${root}/`, '');
}

describe('withNearFolders()', () => {
  it.each([
    ['models/intent', '"models/intents"'],
    ['models/Intents/', '"models/intents"'],
    ['modles/intents', '"models/intents"'],
    ['intents', '"models/intents"'],
    ['models/bokings', '"models/bookings"'],
  ])('names the folder that %s was meant to be', async (source, meant) => {
    expect(await messageFor(source)).toContain(`Did you mean ${meant}`);
  });

  it('says that there is no such folder, unless the message does', async () => {
    expect(await messageFor('models/intent')).toContain('There is no folder "models/intent"');
    const error = new FilesError('Cannot open it: found no such folder', 'x');
    expect(await messageFor('models/intent', error)).not.toContain('There is no folder');
  });

  it('lists folders with a config.json where none is near', async () => {
    const found = await messageFor('models/xyz');
    expect(found).toContain('Folders with a config.json: ');
    expect(found).not.toContain('Did you mean');
  });

  it('lists the checkpoints in a folder that is none itself', async () => {
    expect(await messageFor('models')).toBe(
      'Cannot open it. Folders with a config.json: "models/bookings", "models/intents", "models/deep/er/intents-q8"',
    );
    expect(await messageFor('empty')).toBe('Cannot open it');
  });

  it('says that a file is no folder, and names the checkpoint that it belongs to', async () => {
    expect(await messageFor('models/intents/config.json')).toBe(
      'Cannot open it. "models/intents/config.json" is a file, expected a folder. Did you mean its folder "models/intents"?',
    );
    writeFileSync(path.join(root, 'notes.txt'), '');
    expect(await messageFor('notes.txt')).toContain('"notes.txt" is a file, expected a folder');
  });

  it('leaves other errors, checkpoints and URLs alone', async () => {
    expect(await messageFor('models/intents')).toBe('Cannot open it');
    expect(await messageFor('models/intent', new WeightsError('Cannot read'))).toBe('Cannot read');
    for (const source of ['https://example.com/models/intent', new URL('file:///nowhere')]) {
      const failed = withNearFolders(source, () => Promise.reject(new FilesError('no', 'x')));
      await expect(failed).rejects.toThrow(/^no$/);
    }
  });

  it('returns the result of work that succeeds', async () => {
    expect(await withNearFolders('nowhere', async () => 7)).toBe(7);
  });
});
