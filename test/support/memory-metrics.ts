import type { BatchFigures, Metrics } from '../../lib/core/ports/telemetry.ts';

/** Keeps all emitted metrics. */
export class MemoryMetrics implements Metrics {
  readonly emitted: BatchFigures[] = [];

  emit(figures: BatchFigures): void {
    this.emitted.push(figures);
  }

  /** The metrics of the only batch. */
  get figures(): BatchFigures {
    const [figures, ...more] = this.emitted;
    if (!figures || more.length > 0) throw new Error(`metrics were emitted ${this.emitted.length} times`);
    return figures;
  }
}
