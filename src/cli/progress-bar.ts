/**
 * Progress of loading: a bar with the size, rate and time left of one file, in the status line.
 *
 * cli-progress 3.12 is not used: in tmux, Ctrl+C either left the terminal with line wrapping off or
 * did not end the process, and with `linewrap: true` a line with wide characters was not erased.
 */

import type { ProgressEvent } from '../hub/progress.ts';
import type { StatusLine } from './status-line.ts';

const BAR_CELLS = 20;

/** The rate is the mean of this time: it follows the network, and does not jump. */
const RATE_OVER_MS = 3000;

/** The bytes of a file that were loaded at some time. */
interface Sample {
  readonly at: number;
  readonly loaded: number;
}

/** Takes the events of several files that load at once. Shows the file with most bytes left. */
export class ProgressBar {
  readonly #status: StatusLine;
  readonly #samples = new Map<string, Sample[]>();
  readonly #left = new Map<string, number>();

  constructor(status: StatusLine) {
    this.#status = status;
  }

  /** Takes any progress event; only `progress` and `done` have an effect. */
  take(event: ProgressEvent | { readonly status: 'ready' }): void {
    if (event.status === 'done') this.#left.delete(event.file);
    if (event.status !== 'progress') return;
    const { file, loaded, total } = event;
    const rate = this.#rate(file, loaded);
    this.#left.set(file, total - loaded);
    if (total - loaded >= Math.max(...this.#left.values())) {
      this.#status.show(progressLine(file, loaded, total, rate));
    }
  }

  /** Adds a sample. Returns bytes per second over the last seconds, 0 if not yet known. */
  #rate(file: string, loaded: number): number {
    const at = performance.now();
    const samples = this.#samples.get(file) ?? [];
    this.#samples.set(file, samples);
    const last = samples.at(-1);
    if (!last || at - last.at >= RATE_OVER_MS / 20) samples.push({ at, loaded });
    while (samples.length > 1 && at - samples[0]!.at > RATE_OVER_MS) samples.shift();
    const first = samples[0]!;
    return at > first.at ? (1000 * (loaded - first.loaded)) / (at - first.at) : 0;
  }
}

/** `model.safetensors ━━━━━━━━──────────── 45 %  44.1/98.4 MB  12.3 MB/s  4 s left` */
export function progressLine(file: string, loaded: number, total: number, rate: number): string {
  const part = total > 0 ? Math.min(1, loaded / total) : 0;
  const full = Math.floor(part * BAR_CELLS);
  const bar = '━'.repeat(full) + '─'.repeat(BAR_CELLS - full);
  const parts = [
    `${file} ${bar} ${Math.floor(100 * part)} %`,
    `${(loaded / 1e6).toFixed(1)}/${(total / 1e6).toFixed(1)} MB`,
  ];
  if (rate > 0) parts.push(`${(rate / 1e6).toFixed(1)} MB/s`, timeLeft((total - loaded) / rate));
  return parts.join('  ');
}

function timeLeft(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s left`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 60) return `${minutes} min left`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min left`;
}
