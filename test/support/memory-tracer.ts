import type { TracedAttempt, Tracer } from '../../lib/core/ports/telemetry.ts';

/** Keeps what it is told. */
export class MemoryTracer implements Tracer {
  readonly attempts: TracedAttempt[] = [];
  /** How many of them were told when somebody waited last until all are on their way. */
  flushed = 0;

  add(attempt: TracedAttempt): void {
    this.attempts.push(attempt);
  }

  async flush(): Promise<void> {
    this.flushed = this.attempts.length;
  }
}
