/** Warnings of a test file: recorded, not printed. */
import { afterEach, beforeEach, vi } from 'vitest';

/** The messages of `console.warn` in the running test. Call it once, at the top of a test file. */
export function keepWarnings(): string[] {
  const warnings: string[] = [];
  beforeEach(() => {
    warnings.length = 0;
    vi.spyOn(console, 'warn').mockImplementation((message: string) => void warnings.push(message));
  });
  afterEach(() => void vi.restoreAllMocks());
  return warnings;
}
