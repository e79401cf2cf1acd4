import { context } from '@opentelemetry/api';
import { requestFields } from '../base/log-fields.ts';
import type { Ending } from '../model/outcome.ts';
import type { Payload } from '../processor/payload.ts';
import { PayloadRequest } from '../processor/request.ts';
import type { AttemptContext } from './attempt-context.ts';
import type { AttemptSecrets } from './attempt-secrets.ts';
import { Checkpoints } from './checkpoints.ts';
import { Completion } from './completion.ts';
import { AttemptSuspended } from './errors.ts';
import type { LeasedRequest } from './leased-request.ts';
import { ProgressReport } from './progress-report.ts';
import { enqueueProgressWebhooks } from './progress-webhook.ts';
import { producedResult } from './streamed-result.ts';

/** Fires or is called while a handler runs. */
export interface HandlerEvents {
  /** Fires when another attempt has taken over the request. */
  readonly lost: AbortSignal;
  /** Called when the handler starts. */
  readonly onHandle: () => void;
}

/**
 * Runs the handler over an open payload: load checkpoint → validate → handle → keep result.
 * @throws AttemptSuspended, or the error of the handler or of a port
 */
export async function handle(
  payload: Payload,
  secrets: AttemptSecrets,
  leased: LeasedRequest,
  attempt: AttemptContext,
  { lost, onHandle }: HandlerEvents,
): Promise<Ending> {
  const { request, lease } = leased;
  const { processor, settings, ports, deadline } = attempt;
  const progress = new ProgressReport(requestFields(request), lease, ports, (recorded) =>
    enqueueProgressWebhooks(request, recorded, settings, ports),
  );
  const checkpoints = new Checkpoints(lease, attempt, progress);
  const completion = new Completion(leased, attempt, checkpoints);
  try {
    const state = await checkpoints.load();
    const span = attempt.span.start(request);
    if (span.isApart) lease.noteRun({ traceparent: span.trace.traceparent });
    const handled = new PayloadRequest(payload, {
      id: request.id,
      tenant: request.tenant,
      topic: request.topic,
      http: request.http,
      ...span.trace,
      attempt: lease.attempt,
      isRehearsal: attempt.isRehearsal,
      deadline: Number.isFinite(deadline.stopsAt) ? new Date(deadline.stopsAt) : undefined,
      signals: [deadline.handlerStop, progress.unwanted, checkpoints.stop, lost],
      secrets: secrets.values,
      logger: secrets.redactor.logger(ports.logger),
      maxJsonDepth: settings.maxJsonDepth,
      state,
      onCheckpoint: (state) => checkpoints.save(state),
      onComplete: (result, writes) => completion.run(result, writes),
      onProgress: ({ fraction, note }) =>
        progress.add({ fraction, note: note && secrets.redactor.text(note) }),
    });
    if (processor.input) await handled.validate(processor.input);
    onHandle();
    const result = await context.with(span.context, processor.handler, undefined, handled);
    const completed = await completion.ending();
    if (completed) return completed;
    const produced = checkpoints.whileGoing(await producedResult(result, { request, handled }, attempt));
    // A streamed result is produced while it is stored.
    const keeping = context.with(span.context, () =>
      leased.results.keep(produced, lease, deadline.handlerDeadline),
    );
    return { status: 'succeeded', result: await keeping };
  } catch (error) {
    // Even if the handler caught that error and threw another one.
    throw checkpoints.suspended ? new AttemptSuspended() : error;
  }
}
