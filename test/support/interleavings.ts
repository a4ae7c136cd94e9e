/**
 * A checker of small protocols: every order in which threads can take their steps is tried. A step
 * is one atomic action. In: programs of threads. Out: the number of states, or an Error with the
 * steps that lead to a deadlock or to a broken rule.
 */

/** One thread: where it stands in its program, its own numbers, and whether it is asleep. */
export interface Thread {
  at: string;
  readonly own: Record<string, number>;
  asleepOn?: string | undefined;
}

/** The whole of a state. Copied for each step; numbers and names only. */
export interface State {
  readonly shared: Record<string, number>;
  readonly threads: Thread[];
}

/**
 * What a thread does at each place of its program: changes the state, and says where it goes on.
 * `end` has no entry. A place may have several actions, any of which can be taken.
 */
export type Program = Record<string, ((state: State, self: Thread) => string)[]>;

/** Sleeps on a shared number while it has a value; goes on at once where it has another. */
export function sleep(state: State, self: Thread, on: string, value: number, then: string): string {
  if (state.shared[on] === value) self.asleepOn = on;
  return then;
}

/** Wakes all who sleep on a shared number. */
export function wake(state: State, on: string): void {
  for (const thread of state.threads) if (thread.asleepOn === on) thread.asleepOn = undefined;
}

/**
 * Visits every state that can be reached.
 *
 * @param check a rule that holds in every state: throws where it is broken
 * @throws Error naming the steps to a state where a rule is broken, or where nobody can go on and
 *   not all have come to their end
 */
export function explore(
  start: State,
  programs: readonly Program[],
  check: (state: State) => void,
): number {
  const seen = new Set([JSON.stringify(start)]);
  const left: { state: State; path: readonly string[] }[] = [{ state: start, path: [] }];
  for (let next = left.pop(); next; next = left.pop()) {
    const { state, path } = next;
    try {
      check(state);
    } catch (cause) {
      throw new Error(`After ${path.join(', ')}: ${(cause as Error).message}`, { cause });
    }
    let canGoOn = false;
    state.threads.forEach(({ at, asleepOn }, number) => {
      if (asleepOn !== undefined || at === 'end') return;
      for (const action of programs[number]![at]!) {
        canGoOn = true;
        const after = structuredClone(state);
        const self = after.threads[number]!;
        self.at = action(after, self);
        const key = JSON.stringify(after);
        if (seen.has(key)) continue;
        seen.add(key);
        left.push({ state: after, path: [...path, `${number} ${at}`] });
      }
    });
    if (!canGoOn && state.threads.some(({ at }) => at !== 'end')) {
      throw new Error(`Deadlock after ${path.join(', ')}`);
    }
  }
  return seen.size;
}
