import { once } from 'node:events';
import type { ErrorContext, OutcomeHandler } from '../../consumer/index.ts';
import { DEFAULT_HANDLER_TIMEOUT_SECONDS } from '../../consumer/options.ts';
import type { Logger } from '../../core/ports/telemetry.ts';
import { openService } from '../../embedded/open-service.ts';

/** How to consume. */
export interface FileConsumption {
  readonly concurrency: number;
  /** Called with errors of handlers. If it throws, the consumer ends with that error. */
  readonly onError: (error: unknown, about: ErrorContext) => void;
  readonly signal: AbortSignal;
}

/** Consumes the outcomes of a service in a file until the signal fires, as `consume()` does those of a queue of SQS. */
export async function consumeFile(
  file: string,
  { concurrency, onError, signal }: FileConsumption,
  handler: OutcomeHandler,
): Promise<void> {
  const broken = new AbortController();
  const settings = { concurrency };
  {
    await using service = await openService({
      file,
      settings,
      logger: SILENT,
      // Handlers that have started may finish.
      graceSeconds: DEFAULT_HANDLER_TIMEOUT_SECONDS,
    });
    service.consume(async (outcome, context) => {
      try {
        await handler(outcome, context);
      } catch (error) {
        try {
          onError(error, { requestId: outcome.requestId });
        } catch (fatal) {
          broken.abort(fatal);
        }
        throw error;
      }
    });
    const either = AbortSignal.any([signal, broken.signal]);
    if (!either.aborted) await once(either, 'abort');
  }
  broken.signal.throwIfAborted();
}

/** Errors are reported. */
const SILENT: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => SILENT,
};
