/**
 * Names that a caller gives: options, tasks, commands. A name that nothing reads is refused, so that
 * a misspelt option cannot be dropped in silence.
 */

/**
 * The names of an options object, each once. TypeScript refuses a list that lacks one of them, so
 * the list cannot fall behind the interface.
 */
export type OptionNames<Options> = Readonly<Record<keyof Options, true>>;

/**
 * Refuses options that are not in `known`. An option whose value is undefined counts as not given.
 *
 * @param action for the message: 'classify', 'load a model'
 * @param options what the caller gave
 * @throws TypeError for anything but an object, and for an unknown option, with the nearest name
 */
export function checkOptionNames(
  action: string,
  options: unknown,
  known: Readonly<Record<string, unknown>>,
): void {
  if (options === undefined || options === null) return;
  if (typeof options !== 'object' || Array.isArray(options)) {
    const found = Array.isArray(options) ? 'an array' : `a ${typeof options}`;
    throw new TypeError(`Cannot ${action}: options is ${found}, expected an object`);
  }
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || Object.hasOwn(known, name)) continue;
    const names = Object.keys(known);
    throw new TypeError(
      `Cannot ${action}: option ${JSON.stringify(name.slice(0, 60))} is unknown, expected ${suggestion(name, names)}`,
    );
  }
}

/** What to expect in place of an unknown name: the nearest one, else all. For error messages. */
export function suggestion(name: string, names: readonly string[]): string {
  const near = nearestName(name, names);
  const all = names.map((one) => `"${one}"`);
  return near === undefined ? `one of ${all.join(', ')}` : `"${near}"`;
}

/**
 * The name that a misspelt one was meant to be, or undefined when none is near. Case, `-` and `_` do
 * not count, and a third of the letters may differ.
 */
export function nearestName(name: string, names: readonly string[]): string | undefined {
  const plain = plainName(name);
  let nearest: string | undefined;
  let least = Math.floor(Math.max(3, plain.length) / 3) + 1;
  for (const one of names) {
    const distance = editDistance(plain, plainName(one));
    if (distance < least) {
      nearest = one;
      least = distance;
    }
  }
  return nearest;
}

/** A bounded length, since the distance takes time in the product of both lengths. */
function plainName(name: string): string {
  return name.slice(0, 60).toLowerCase().replaceAll(/[-_]/g, '');
}

/** Insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b`. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      let least = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (isSame ? 0 : 1));
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwap) least = Math.min(least, beforeLast[j - 2]! + 1);
      row.push(least);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}
