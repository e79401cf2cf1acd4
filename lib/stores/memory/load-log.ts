import type { LoadLog, NotedPause, RecentWork, WorkDone } from '../../core/ports/telemetry.ts';
import { Faults } from './faults.ts';

const RECENT_SECONDS = 60;
const WINDOW_SECONDS = 10;

/** Work done, in memory, to the millisecond. */
export class MemoryLoadLog implements LoadLog {
  readonly faults = new Faults<'add' | 'recent'>();
  /** All that was added. */
  readonly added: (WorkDone & { readonly at: number })[] = [];
  #pause: NotedPause | undefined;

  add(at: number, work: WorkDone): Promise<void> {
    return this.faults.around('add', () => {
      this.added.push({ at, ...work });
    });
  }

  async notePause(pause: NotedPause): Promise<void> {
    this.#pause = pause;
  }

  recent(now: number): Promise<RecentWork> {
    return this.faults.around('recent', () => {
      const recent = this.added.filter(({ at }) => at > now - RECENT_SECONDS * 1_000 && at <= now);
      const sumOf = (name: keyof WorkDone) => recent.reduce((sum, work) => sum + work[name], 0);
      return {
        completed: sumOf('completed'),
        handled: sumOf('handled'),
        milliseconds: sumOf('milliseconds'),
        releases: sumOf('releases'),
        squares: sumOf('squares'),
        seconds: RECENT_SECONDS,
        windows: windowsOf(recent, now),
        ...(this.#pause && { pause: this.#pause }),
      };
    });
  }
}

function windowsOf(
  works: readonly (WorkDone & { readonly at: number })[],
  now: number,
): RecentWork['windows'] {
  return Array.from({ length: RECENT_SECONDS / WINDOW_SECONDS }, (_, age) => {
    const inWindow = works.filter(({ at }) => Math.floor((now - at) / (WINDOW_SECONDS * 1_000)) === age);
    return {
      handled: inWindow.reduce((sum, { handled }) => sum + handled, 0),
      milliseconds: inWindow.reduce((sum, { milliseconds }) => sum + milliseconds, 0),
    };
  });
}
