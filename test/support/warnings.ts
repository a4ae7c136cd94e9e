/** Warnings of a test file, kept instead of printed. */
import { afterEach, beforeEach, vi } from 'vitest';

/** What `console.warn` was given in the running test; call it once, at the top of a test file. */
export function keepWarnings(): string[] {
  const warnings: string[] = [];
  beforeEach(() => {
    warnings.length = 0;
    vi.spyOn(console, 'warn').mockImplementation((message: string) => void warnings.push(message));
  });
  afterEach(() => void vi.restoreAllMocks());
  return warnings;
}
