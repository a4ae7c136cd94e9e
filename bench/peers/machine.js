/** What a result was measured on. */
import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os';

/** @typedef {ReturnType<typeof describeMachine>} Machine */

/** @param {string} runtime of the contestants, e.g. "Node 24.21.0 (V8 13.6)" */
export function describeMachine(runtime) {
  return {
    cpu: cpus()[0]?.model.trim() || 'unknown CPU',
    cores: availableParallelism(),
    memoryGB: Math.round(totalmem() / 1e9),
    os: `${platform()} ${release()} ${arch()}`,
    runtime,
  };
}

/** @param {Machine} machine */
export function machineLine({ cpu, cores, memoryGB, os, runtime }) {
  return `${cpu}, ${cores} cores, ${memoryGB} GB, ${os}, ${runtime}`;
}

/** A part of a file's name. */
export function machineSlug({ cpu, cores }) {
  const name = cpu.replace(/\((r|tm)\)|processor|\bcpu\b|@.*/gi, '');
  return `${name} ${cores} cores`
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}
