/** What figures were measured on. */
import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os';

/** The machine of a result, as its file has it. */
export interface MachineRecord {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGB: number;
  readonly os: string;
  readonly runtime: string;
}

export function describeMachine(): MachineRecord {
  const { node, v8 } = process.versions;
  return {
    cpu: cpus()[0]?.model.trim() || 'unknown CPU',
    cores: availableParallelism(),
    memoryGB: Math.round(totalmem() / 1e9),
    os: `${platform()} ${release()} ${arch()}`,
    runtime: `Node ${node} (V8 ${v8})`,
  };
}

/** One line for people. */
export function machineLine({ cpu, cores, runtime } = describeMachine()): string {
  return `${cpu}, ${cores} cores, ${runtime}`;
}

/** A part of a result's file name. */
export function machineSlug({ cpu, cores }: MachineRecord): string {
  const name = cpu.replace(/\((r|tm)\)|processor|\bcpu\b|@.*/gi, '');
  return `${name} ${cores} cores`
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}
