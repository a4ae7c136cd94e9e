// @ts-check
/** The machine that figures were measured on. */
import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os';

/**
 * The machine as a result's file has it.
 *
 * @typedef {object} MachineRecord
 * @property {string} cpu
 * @property {number} cores
 * @property {number} memoryGB
 * @property {string} os
 * @property {string} runtime such as "Node 24.21.0 (V8 13.6)"
 */

/**
 * @param {string} [runtime] of the code that is measured; by default the runtime of this process
 * @returns {MachineRecord}
 */
export function describeMachine(runtime = runtimeHere()) {
  return {
    cpu: cpus()[0]?.model.trim() || 'unknown CPU',
    cores: availableParallelism(),
    memoryGB: Math.round(totalmem() / 1e9),
    os: `${platform()} ${release()} ${arch()}`,
    runtime,
  };
}

function runtimeHere() {
  const { node, v8 } = process.versions;
  return `Node ${node} (V8 ${v8})`;
}

/** One line: what times depend on. Two results with the same line may be compared. */
export function machineLine({ cpu, cores, runtime } = describeMachine()) {
  return `${cpu}, ${cores} cores, ${runtime}`;
}

/**
 * One line with memory and operating system as well.
 *
 * @param {MachineRecord} machine
 */
export function systemLine({ cpu, cores, memoryGB, os, runtime }) {
  return `${cpu}, ${cores} cores, ${memoryGB} GB, ${os}, ${runtime}`;
}

/**
 * The machine as a part of a file name.
 *
 * @param {Pick<MachineRecord, 'cpu' | 'cores'>} machine
 */
export function machineSlug({ cpu, cores }) {
  const name = cpu.replace(/\((r|tm)\)|processor|\bcpu\b|@.*/gi, '');
  return `${name} ${cores} cores`
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}
