import type { LoadLog, RecentWork, WorkDone } from '../../core/ports/telemetry.ts';
import { Faults } from './faults.ts';

const RECENT_SECONDS = 60;

/** Work done, in memory, to the millisecond. */
export class MemoryLoadLog implements LoadLog {
  readonly faults = new Faults<'add' | 'recent'>();
  /** All that was added. */
  readonly added: (WorkDone & { readonly at: number })[] = [];

  add(at: number, work: WorkDone): Promise<void> {
    return this.faults.around('add', () => {
      this.added.push({ at, ...work });
    });
  }

  recent(now: number): Promise<RecentWork> {
    return this.faults.around('recent', () => {
      const recent = this.added.filter(({ at }) => at > now - RECENT_SECONDS * 1_000 && at <= now);
      return {
        completed: recent.reduce((sum, { completed }) => sum + completed, 0),
        handled: recent.reduce((sum, { handled }) => sum + handled, 0),
        milliseconds: recent.reduce((sum, { milliseconds }) => sum + milliseconds, 0),
        seconds: RECENT_SECONDS,
      };
    });
  }
}
