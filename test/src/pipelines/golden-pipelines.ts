/**
 * The cases of test/golden/pipelines: results of Python's pipelines, and the models that gave them.
 * In: the name of a task. Out: its calls, and a map of files for `pipeline()`.
 */
import { readFileSync } from 'node:fs';
import { type CheckpointRecord, hashedCheckpoint } from './hashed-checkpoint.ts';

interface GoldenFile extends CheckpointRecord {
  readonly calls: readonly unknown[];
}

function read(task: string): GoldenFile {
  return JSON.parse(readFileSync(`test/golden/pipelines/${task}.json`, 'utf8'));
}

/** The calls of a task: arguments, options and Python's result. */
export function goldenCalls<Call>(task: string): readonly Call[] {
  return read(task).calls as readonly Call[];
}

/** A checkpoint of hashed weights with the released vocabulary. */
export function goldenSource(task: string): Record<string, Uint8Array | object> {
  return hashedCheckpoint(read(task));
}

/** Separates results from their scores, which are compared with a tolerance. */
export function apart(value: unknown): { rest: unknown; scores: number[] } {
  const scores: number[] = [];
  const rest = JSON.parse(
    JSON.stringify(value, (key, found) => {
      if (key !== 'score') return found;
      scores.push(found);
      return undefined;
    }),
  );
  return { rest, scores };
}
