import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const SERVERS = [
  'node-server/server.js',
  'express-server/server.js',
  'fastify-server/server.js',
  'hono-server/server.js',
  'bun-server/server.js',
  'deno-deploy/main.js',
  'cloudflare-worker/worker.js',
];

describe('examples/', () => {
  it.each(SERVERS)('%s is one file of less than 40 lines of code', (file) => {
    const lines = codeOf(file).split('\n');
    expect(lines.filter((line) => line.trim() !== '').length).toBeLessThan(40);
  });
});

/** The text without comments. */
function codeOf(file: string): string {
  const text = readFileSync(`examples/${file}`, 'utf8');
  return text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
}
