import { serializeError } from '../core/base/serialize-error.ts';
import type { TraceTarget } from '../core/config/settings.ts';
import type { Logger } from '../core/ports/telemetry.ts';

/** Loads OpenTelemetry's SDK where spans are exported. Never rejects: a failure costs the spans only. */
export async function loadTracing(target: TraceTarget, serviceName: string, logger: Logger): Promise<void> {
  if (target === 'off') return;
  try {
    const { startTracing } = await import('../tracing/start-tracing.ts');
    startTracing(target, serviceName, process.env);
  } catch (error) {
    logger.error('Tracing could not be started', { error: serializeError(error) });
  }
}
