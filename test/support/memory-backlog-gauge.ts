import type { Backlog, BacklogGauge } from '../../lib/core/ports/message-source.ts';
import { Faults } from '../../lib/stores/memory/faults.ts';

/** A gauge with a backlog that the test sets. */
export class MemoryBacklogGauge implements BacklogGauge {
  readonly faults = new Faults<'read'>();
  backlog: Backlog = { waiting: 0, inFlight: 0 };
  /** Number of readings, including failed ones. */
  reads = 0;

  read(): Promise<Backlog> {
    this.reads++;
    return this.faults.around('read', () => this.backlog);
  }
}
