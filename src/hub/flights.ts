/**
 * Downloads under way, by file and store: who wants a file that somebody else is loading waits for
 * that, and then reads it from the store.
 */

import { env } from './env.ts';
import type { FilesOptions } from './options.ts';
import { type Answer, request } from './request.ts';
import { Retries } from './retries.ts';
import type { HubFile } from './store.ts';
import { untilAborted, within } from './timing.ts';

/** How often a waiting reader looks whether the other still moves. */
const GLANCE_MS = 1000;

/** One request, and the reading of its body, if somebody does. */
export interface Flight {
  readonly answer: Promise<Answer | undefined>;
  /** Of whoever made the request. */
  readonly signal: AbortSignal | undefined;
  /** When something happened last. */
  activeAt: number;
  /** There once somebody reads; resolves when that ends, well or not. */
  landing?: Promise<void>;
}

const flights = new Map<string, Flight>();

/** The flight of a file, joined or begun, and its answer; undefined answer: there is no such file. */
export async function openFlight(key: string, { url }: HubFile, options: FilesOptions) {
  const { signal, token } = options;
  for (;;) {
    let flight = flights.get(key);
    if (flight === undefined || (!flight.landing && isIdle(flight))) {
      if (flight) void forget(flight);
      const answer = request(url, { signal, token }, new Retries(signal));
      flight = { answer, signal, activeAt: performance.now() };
      begin(key, flight);
    }
    try {
      return { flight, answer: await untilAborted(flight.answer, signal) };
    } catch (error) {
      // That another reader gave up is no reason to.
      if (signal?.aborted || !flight.signal?.aborted) throw error;
    }
  }
}

/** Takes a flight for oneself; returns what ends it, or undefined when somebody else has it. */
export function boardFlight(key: string, flight: Flight): (() => void) | undefined {
  if (flight.landing || flights.get(key) !== flight) return undefined;
  const { promise, resolve } = deferred();
  flight.landing = promise;
  flight.activeAt = performance.now();
  return () => {
    flights.delete(key);
    resolve();
  };
}

/**
 * Waits for a flight that somebody else is on; false when he has stopped reading without an end, so
 * that waiting may be in vain.
 */
export async function flightLanded(
  flight: Flight,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const landed = flight.landing!.then(() => true);
  while (!isIdle(flight)) {
    if (await untilAborted(within(Math.min(GLANCE_MS, env.stallTimeout), landed), signal)) {
      return true;
    }
  }
  return false;
}

/** The flight of a file that is under way, if any. */
export function currentFlight(key: string): Flight | undefined {
  return flights.get(key);
}

function begin(key: string, flight: Flight): void {
  flights.set(key, flight);
  const end = () => {
    if (flights.get(key) === flight) flights.delete(key);
  };
  flight.answer.then((answer) => answer ?? end(), end);
}

/** Closes a connection that nobody read from. */
async function forget(flight: Flight): Promise<void> {
  const answer = await flight.answer.catch(() => undefined);
  await answer?.response.body?.cancel().catch(() => {});
}

function isIdle({ activeAt }: Flight): boolean {
  return performance.now() - activeAt > env.stallTimeout;
}

function deferred() {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
