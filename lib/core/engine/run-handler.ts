import { context } from '@opentelemetry/api';
import { CallbackRefused, PermanentError } from '../base/errors.ts';
import { requestFields } from '../base/log-fields.ts';
import { readTraceContext, type TraceContext } from '../base/traceparent.ts';
import { callbackUrlProblem } from '../model/callback-url.ts';
import type { DecodedRequest } from '../model/decoded-request.ts';
import { type Ending, failure } from '../model/outcome.ts';
import { openPayload } from '../processor/payload.ts';
import { PayloadRequest } from '../processor/request.ts';
import { resultBodyOf } from '../processor/result.ts';
import type { Lease } from '../records/lease.ts';
import type { AttemptContext } from './attempt-context.ts';
import { ProgressReport } from './progress-report.ts';
import { tellProgress } from './progress-webhook.ts';
import { ResultKeeper } from './result-keeper.ts';

/** Observes the steps of {@link runHandler}. */
export interface RunObserver {
  /** The payload is open. @param trace the request's trace, if only the payload object names it */
  onOpen(trace: TraceContext): void;
  /** The handler starts. */
  onHandle(): void;
}

/**
 * Opens the payload, runs the handler and keeps its result. It takes as long as the handler does.
 * @param lost fires when another attempt has the request
 * @returns how the request ended, if for good
 * @throws what the handler or a port threw, when it is worth another attempt
 */
export async function runHandler(
  request: DecodedRequest,
  lease: Lease,
  { processor, settings, ports, deadline, span }: AttemptContext,
  lost: AbortSignal,
  observer: RunObserver,
): Promise<Ending> {
  try {
    assertCallback(request, settings);
    const payload = await openPayload(request, ports.store, settings, deadline.handlerDeadline);
    try {
      const trace = request.traceparent === undefined ? readTraceContext(payload.metadata) : {};
      observer.onOpen(trace);
      const traced = { ...request, ...trace };
      const progress = new ProgressReport(requestFields(traced), lease, ports, (made) =>
        tellProgress(traced, made, settings, ports),
      );
      const started = span.start(traced);
      const handled = new PayloadRequest(payload, {
        id: traced.id,
        tenant: traced.tenant,
        ...started.trace,
        attempt: lease.attempt,
        deadline: new Date(deadline.stopsAt),
        signals: [deadline.handlerStop, progress.unwanted, lost],
        logger: ports.logger,
        maxJsonDepth: settings.maxJsonDepth,
        onProgress: (made) => progress.add(made),
      });
      if (processor.input) await handled.validate(processor.input);
      observer.onHandle();
      const result = await context.with(started.context, processor.handler, undefined, handled);
      const body = await resultBodyOf(result, ports.clock.now());
      const results = new ResultKeeper(traced, settings, ports);
      // A streamed result is produced while it is stored.
      const kept = context.with(started.context, () => results.keep(body, lease, deadline.handlerDeadline));
      return { status: 'succeeded', result: await kept };
    } catch (error) {
      const readError = payload.readError();
      // A 400 to a payload that broke off is no rejection of the request.
      throw error instanceof PermanentError && readError !== undefined ? readError : error;
    } finally {
      payload.discard();
    }
  } catch (error) {
    if (error instanceof PermanentError) return failure(error, lease.attempt);
    throw error;
  }
}

/** Rejects a request before it starts if its callback URL isn't allowed. @throws CallbackRefused */
function assertCallback({ callbackUrl }: DecodedRequest, settings: AttemptContext['settings']): void {
  const problem = callbackUrl === undefined ? undefined : callbackUrlProblem(callbackUrl, settings);
  if (problem) throw new CallbackRefused(problem);
}
