import type { abilitiesOf, BUILDS } from '../../src/builds.ts';

export function buildModules(
  builds: { BUILDS: typeof BUILDS; abilitiesOf: typeof abilitiesOf },
  isWanted?: (name: string) => boolean,
): Promise<{ name: string; seconds: number; changed: string[] }[]>;
