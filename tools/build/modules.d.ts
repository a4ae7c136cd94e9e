/** Types of modules.js, for its test. */
import type { BuildTraits } from '../../src/builds.ts';

export function urlsModule(names: readonly string[]): string;
export function edgeModule(names: readonly string[]): string;
export function inlineModule(names: readonly string[], read: (name: string) => Buffer): string;
export function targetOf(
  name: string,
  traits: BuildTraits,
  targets: Readonly<Record<string, { readonly use?: readonly string[] }>>,
): unknown;
