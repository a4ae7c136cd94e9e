/**
 * The ABI of a build with threads: index.ts, and what the members of a team run. Memory is shared
 * and comes from the host. Every thread has an instance over it; one of them, the first member,
 * does all that index.ts says.
 *
 *   createPass() -> createTeam() -> configAddress() -> ... -> forward() -> ... -> dismissTeam()
 *   every other member: work(memberPass()), which returns when the team is dismissed
 */
import { Pass } from './memory/layout';
import { runPass } from './model/forward';
import { awaitCall, breakTeam as breakTeamOf, isBroken } from './threads/team';

export * from './index';
export { createTeam, memberPass } from './memory/pass';
export { dismissTeam } from './threads/team';

/** Takes part in every pass of the first member until the team is dismissed. */
export function work(pass: Pass): void {
  while (awaitCall(pass)) runPass(pass);
}

/** Makes every member that waits for the others trap: one of them has failed. */
export function breakTeam(pass: Pass): void {
  breakTeamOf(pass.team);
}

/** Whether a member has failed or did not come in time. */
export function isTeamBroken(pass: Pass): bool {
  return isBroken(pass.team);
}
