import type { BatchFigures, Metrics } from '../../lib/core/ports/telemetry.ts';

/** Keeps the figures it is told. */
export class MemoryMetrics implements Metrics {
  readonly emitted: BatchFigures[] = [];

  emit(figures: BatchFigures): void {
    this.emitted.push(figures);
  }

  /** Those of the one batch there was. */
  get figures(): BatchFigures {
    const [figures, ...more] = this.emitted;
    if (!figures || more.length > 0) throw new Error(`figures were told ${this.emitted.length} times`);
    return figures;
  }
}
