/**
 * Threads that run one pass together over shared memory. Every member of a team runs the whole of
 * `forward`, with a Pass of its own, and takes a share of the rows in every phase; in the heads, a
 * share of the columns. Each number is computed by the same instructions in the same order as on
 * one thread, so bits are the same.
 *
 * Members meet at barriers: docs/threads.md describes the protocol. In a build without threads
 * every function here is a constant or empty, and the optimiser removes its calls.
 */
import { Pass, Team } from '../memory/layout';
import { THREADED } from '../simd/build';

/**
 * How often a member looks whether the others have come before it sleeps: about 20 microseconds.
 * Between two barriers of a pass they differ by less, and to wake a sleeper takes longer.
 */
const LOOKS: i32 = 100_000;
const FOR_EVER: i64 = -1;
const NANOSECONDS: i64 = 1_000_000; // of a millisecond
/** What atomic.wait returns where nobody woke it in time. */
const TIMED_OUT: i32 = 2;

// ---- shares ----

/** Whether this is the member that the host calls. It does what is not shared. */
export function isFirst(pass: Pass): bool {
  return THREADED ? pass.rank == 0 : true;
}

/** The first of `rows` rows that this member takes. */
export function firstRow(pass: Pass, rows: i32): i32 {
  return THREADED ? startOf(pass, rows, pass.rank) : 0;
}

/** The row behind the last of `rows` rows that this member takes. */
export function endRow(pass: Pass, rows: i32): i32 {
  return THREADED ? startOf(pass, rows, pass.rank + 1) : rows;
}

function startOf(pass: Pass, count: i32, rank: i32): i32 {
  return (count * rank) / pass.team.size;
}

/**
 * From here on, each member multiplies some columns of all rows; until then, all columns of its
 * own rows.
 */
export function shareColumns(pass: Pass): void {
  if (THREADED) pass.isColumnwise = 1;
}

export function shareRows(pass: Pass): void {
  if (THREADED) pass.isColumnwise = 0;
}

/** The first of `columns` columns that this member multiplies; shares are multiples of `width`. */
export function firstColumn(pass: Pass, columns: i32, width: i32): i32 {
  return THREADED && pass.isColumnwise ? startOfColumns(pass, columns, width, pass.rank) : 0;
}

/** The column behind the last of `columns` columns that this member multiplies. */
export function endColumn(pass: Pass, columns: i32, width: i32): i32 {
  return THREADED && pass.isColumnwise
    ? startOfColumns(pass, columns, width, pass.rank + 1)
    : columns;
}

function startOfColumns(pass: Pass, columns: i32, width: i32, rank: i32): i32 {
  const groups = (columns + width - 1) / width;
  return min(startOf(pass, groups, rank) * width, columns);
}

// ---- barriers ----

/** Returns when all members have come here. What they wrote before is seen by all. */
export function barrier(pass: Pass): void {
  if (!THREADED) return;
  const team = pass.team;
  // Read first: behind the last arrival, the first member may dismiss the team.
  const size = team.size;
  if (size == 1) return;
  const arrived = changetype<usize>(team) + offsetof<Team>('arrived');
  const passed = changetype<usize>(team) + offsetof<Team>('passed');
  const before = atomic.load<i32>(passed);
  if (atomic.add<i32>(arrived, 1) == size - 1) {
    atomic.store<i32>(arrived, 0);
    advance(team, passed);
  } else {
    awaitChange(team, passed, before, <i64>team.patience * NANOSECONDS);
  }
}

/** Adds one to a counter of the team, and wakes those who sleep until it changes. */
function advance(team: Team, counter: usize): void {
  atomic.add<i32>(counter, 1);
  // A member counts itself before it sleeps, and does not fall asleep once the counter has changed.
  if (atomic.load<i32>(changetype<usize>(team) + offsetof<Team>('sleepers'))) {
    atomic.notify(counter, -1);
  }
}

/** Waits until a counter is no longer `before`; traps where the team has broken. */
function awaitChange(team: Team, counter: usize, before: i32, patience: i64): void {
  for (let looks = LOOKS; looks > 0; looks--) {
    if (atomic.load<i32>(counter) != before) return;
  }
  const sleepers = changetype<usize>(team) + offsetof<Team>('sleepers');
  atomic.add<i32>(sleepers, 1);
  while (atomic.load<i32>(counter) == before && !isBroken(team)) {
    if (atomic.wait<i32>(counter, before, patience) == TIMED_OUT) breakTeam(team);
  }
  atomic.sub<i32>(sleepers, 1);
  if (isBroken(team)) unreachable();
}

// ---- calls ----

/** The first member calls the others into a pass. */
export function callTeam(pass: Pass): void {
  if (!THREADED || pass.team.size == 1) return;
  advance(pass.team, changetype<usize>(pass.team) + offsetof<Team>('calls'));
}

/** Sleeps until the first member calls. Returns false where the team was dismissed instead. */
export function awaitCall(pass: Pass): bool {
  const team = pass.team;
  const calls = changetype<usize>(team) + offsetof<Team>('calls');
  awaitChange(team, calls, pass.callsSeen, FOR_EVER);
  pass.callsSeen++;
  return !team.isDismissed;
}

/** Members that wait for a call return from it; from here on the first one works alone. */
export function dismissTeam(pass: Pass): void {
  const team = pass.team;
  if (team.isDismissed) return;
  team.isDismissed = 1;
  team.size = 1;
  advance(team, changetype<usize>(team) + offsetof<Team>('calls'));
}

/** Nobody returns from a barrier any more: a member trapped, or did not come. */
export function breakTeam(team: Team): void {
  atomic.store<i32>(changetype<usize>(team) + offsetof<Team>('broken'), 1);
  for (let at = offsetof<Team>('passed'); at <= offsetof<Team>('calls'); at += 4) {
    atomic.notify(changetype<usize>(team) + at, -1);
  }
}

/** Whether a member has failed. */
export function isBroken(team: Team): bool {
  return atomic.load<i32>(changetype<usize>(team) + offsetof<Team>('broken')) != 0;
}
