import type { HeldCalls } from '../../lib/core/ports/telemetry.ts';
import { Faults } from '../../lib/stores/memory/faults.ts';

/** Held calls, in memory. */
export class MemoryHeldCalls implements HeldCalls {
  readonly faults = new Faults<'mayHold'>();
  /** How many more calls may be held. */
  left = Number.POSITIVE_INFINITY;

  mayHold(): Promise<boolean> {
    return this.faults.around('mayHold', () => this.left-- > 0);
  }
}
