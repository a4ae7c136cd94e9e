/** Progress events -> the line of the file that is loading: a bar, its size, rate and time left. */

import type { ProgressEvent } from '../hub/progress.ts';
import type { StatusLine } from './status-line.ts';

const BAR_CELLS = 20;

/** The rate is that of about the last seconds, so that it follows the net without jumping. */
const RATE_OVER_MS = 3000;

/** Where a file was at some time. */
interface Mark {
  readonly at: number;
  readonly loaded: number;
}

/** Takes the events of one load, of several files at once, and shows the one that has most to go. */
export class ProgressBar {
  readonly #status: StatusLine;
  readonly #marks = new Map<string, Mark[]>();
  readonly #left = new Map<string, number>();

  constructor(status: StatusLine) {
    this.#status = status;
  }

  /** To be called with every event; others than those of files do nothing. */
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

  /** Bytes per second. */
  #rate(file: string, loaded: number): number {
    const at = performance.now();
    const marks = this.#marks.get(file) ?? [];
    this.#marks.set(file, marks);
    const last = marks.at(-1);
    if (!last || at - last.at >= RATE_OVER_MS / 20) marks.push({ at, loaded });
    while (marks.length > 1 && at - marks[0]!.at > RATE_OVER_MS) marks.shift();
    const first = marks[0]!;
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
