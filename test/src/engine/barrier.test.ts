/**
 * The protocol of assembly/threads/team.ts, step by step, in every order that its threads can take:
 * calls, barriers, sleeping, waking, dismissal. docs/threads.md describes it in words.
 */
import { describe, expect, it } from 'vitest';
import {
  explore,
  type Program,
  type State,
  sleep,
  type Thread,
  wake,
} from '../../support/interleavings.ts';

/** Steps that can be left out, to see that the checker notices. */
type Fault = 'no comparison' | 'no count' | 'no reset' | 'no wake';

/** `advance()`: adds one to a counter, wakes sleepers where there may be some. */
function advance(name: string, counter: string, then: string, fault?: Fault): Program {
  return {
    [`${name} add`]: [
      ({ shared }) => {
        shared[counter]!++;
        return `${name} sleepers`;
      },
    ],
    [`${name} sleepers`]: [({ shared }) => (shared.sleepers ? `${name} notify` : then)],
    [`${name} notify`]: [
      (state) => {
        if (fault !== 'no wake') wake(state, counter);
        return then;
      },
    ],
  };
}

/** `awaitChange()`: looks for a while, then sleeps, until a counter is no longer `own.before`. */
function awaitChange(name: string, counter: string, then: string, fault?: Fault): Program {
  const hasChanged = ({ shared }: State, { own }: Thread) => shared[counter] !== own.before;
  return {
    [`${name} look`]: [
      (state, self) => (hasChanged(state, self) ? then : `${name} look`),
      (state, self) => (hasChanged(state, self) ? then : `${name} count`),
    ],
    [`${name} count`]: [
      ({ shared }) => {
        if (fault !== 'no count') shared.sleepers!++;
        return `${name} check`;
      },
    ],
    [`${name} check`]: [
      (state, self) => (hasChanged(state, self) ? `${name} uncount` : `${name} wait`),
    ],
    [`${name} wait`]: [
      (state, self) => {
        // Without comparing, as a condition variable without its lock would.
        const value = fault === 'no comparison' ? state.shared[counter]! : self.own.before!;
        return sleep(state, self, counter, value, `${name} check`);
      },
    ],
    [`${name} uncount`]: [
      ({ shared }) => {
        if (fault !== 'no count') shared.sleepers!--;
        return then;
      },
    ],
  };
}

/** `barrier()`. `own.met` counts the barriers that a member has come to. */
function barrier(name: string, size: number, then: string, fault?: Fault): Program {
  const done = `${name} done`;
  return {
    [name]: [
      ({ shared }, { own }) => {
        own.before = shared.passed!;
        return `${name} arrive`;
      },
    ],
    [`${name} arrive`]: [
      ({ shared }, { own }) => {
        own.met!++;
        return shared.arrived!++ === size - 1 ? `${name} reset` : `${name} wait look`;
      },
    ],
    [`${name} reset`]: [
      ({ shared }) => {
        if (fault !== 'no reset') shared.arrived = 0;
        return `${name} pass add`;
      },
    ],
    ...advance(`${name} pass`, 'passed', done, fault),
    ...awaitChange(`${name} wait`, 'passed', done, fault),
    [done]: [
      (_, { own }) => {
        own.left!++;
        return then;
      },
    ],
  };
}

/** The member that the host calls: `calls` passes of two barriers, then dismissal. */
function firstMember(size: number, fault?: Fault): Program {
  return {
    next: [
      ({ shared }, { own }) => {
        if (own.calls!-- > 0) return 'call add';
        shared.isDismissed = 1;
        return 'dismiss add';
      },
    ],
    ...advance('call', 'calls', 'one', fault),
    ...advance('dismiss', 'calls', 'end', fault),
    ...barrier('one', size, 'two', fault),
    ...barrier('two', size, 'next', fault),
  };
}

/** Any other member: `work()`. */
function otherMember(size: number, fault?: Fault): Program {
  return {
    next: [
      (_, { own }) => {
        own.before = own.seen!;
        return 'idle look';
      },
    ],
    ...awaitChange('idle', 'calls', 'called', fault),
    called: [
      ({ shared }, { own }) => {
        own.seen!++;
        return shared.isDismissed ? 'end' : 'one';
      },
    ],
    ...barrier('one', size, 'two', fault),
    ...barrier('two', size, 'next', fault),
  };
}

function run(size: number, calls: number, fault?: Fault): number {
  const own = { met: 0, left: 0, before: 0, seen: 0 };
  const start: State = {
    shared: { arrived: 0, passed: 0, sleepers: 0, calls: 0, isDismissed: 0 },
    threads: Array.from({ length: size }, (_, number) => ({
      at: 'next',
      own: number === 0 ? { ...own, calls } : { ...own },
    })),
  };
  const programs = start.threads.map((_, number) =>
    number === 0 ? firstMember(size, fault) : otherMember(size, fault),
  );
  return explore(start, programs, ({ threads }) => {
    const fewest = Math.min(...threads.map(({ own }) => own.met!));
    for (const { own } of threads) {
      if (own.left! > fewest) throw new Error(`left barrier ${own.left} before all had come to it`);
    }
  });
}

describe('the protocol of a team', () => {
  it.each([
    [2, 3],
    [3, 1],
  ])('has no deadlock, and nobody leaves a barrier early: %i members, %i calls', (size, calls) => {
    expect(run(size, calls)).toBeGreaterThan(1000);
  });

  it.each<Fault>(['no comparison', 'no count', 'no reset', 'no wake'])(
    'is found wrong where a step is left out: %s',
    (fault) => {
      expect(() => run(2, 2, fault)).toThrow('Deadlock');
    },
  );
});
