import { context } from '@opentelemetry/api';
import { CallbackRefused, PermanentError } from '../base/errors.ts';
import { requestFields } from '../base/log-fields.ts';
import { readTraceContext, type TraceContext } from '../base/traceparent.ts';
import { callbackUrlProblem } from '../model/callback-url.ts';
import type { DecodedRequest } from '../model/decoded-request.ts';
import { keptMetadata } from '../model/kept-metadata.ts';
import { type Ending, failure } from '../model/outcome.ts';
import { closestPattern, TOPIC_METADATA } from '../model/topic.ts';
import { openPayload } from '../processor/payload.ts';
import { PayloadRequest } from '../processor/request.ts';
import type { Lease } from '../records/lease.ts';
import { readOptionalTopic } from '../wire/fields.ts';
import type { AttemptContext } from './attempt-context.ts';
import { AttemptSecrets } from './attempt-secrets.ts';
import { Checkpoints } from './checkpoints.ts';
import { Completion, type RecordEnding } from './completion.ts';
import { AttemptSuspended, TopicRefused } from './errors.ts';
import { ProgressReport } from './progress-report.ts';
import { enqueueProgressWebhooks } from './progress-webhook.ts';
import { ResultKeeper } from './result-keeper.ts';
import { producedResult } from './streamed-result.ts';

/** Observes the steps of {@link runHandler}. */
export interface RunObserver {
  /** The payload is open. @param facts what only its object says about the request */
  onOpen(facts: ObjectFacts): void;
  /** The handler starts. */
  onHandle(): void;
  /** The handler completes the request, together with writes of its own. */
  readonly onComplete: RecordEnding;
}

/**
 * Opens the payload, runs the handler and keeps its result.
 * @param lost fires when another attempt has taken over the request
 * @returns how the request ended
 * @throws TopicRefused if the processor isn't for its topic; the error of the handler or of a port, if the request should
 *   be retried
 */
export async function runHandler(
  request: DecodedRequest,
  lease: Lease,
  attempt: AttemptContext,
  lost: AbortSignal,
  observer: RunObserver,
): Promise<Ending> {
  const { processor, settings, ports, deadline, span } = attempt;
  let checkpoints: Checkpoints | undefined;
  try {
    assertCallback(request, settings);
    const secrets = await AttemptSecrets.read(processor, ports.secrets);
    const payload = await openPayload(request, ports.store, settings, deadline.handlerDeadline);
    try {
      lease.noteMetadata(keptMetadata(payload.metadata, settings.recordMetadata));
      const facts = factsOf(payload.objectMetadata, request);
      observer.onOpen(facts);
      const traced = { ...request, ...facts };
      assertSubscribed(traced, settings);
      const progress = new ProgressReport(requestFields(traced), lease, ports, (recorded) =>
        enqueueProgressWebhooks(traced, recorded, settings, ports),
      );
      const saving = new Checkpoints(lease, attempt, progress);
      checkpoints = saving;
      const completion = new Completion(traced, lease, attempt, saving, observer.onComplete);
      const state = await saving.load();
      const started = span.start(traced);
      if (started.isApart) lease.noteRun({ traceparent: started.trace.traceparent });
      const handled = new PayloadRequest(payload, {
        id: traced.id,
        tenant: traced.tenant,
        topic: traced.topic,
        http: traced.http,
        ...started.trace,
        attempt: lease.attempt,
        isRehearsal: attempt.isRehearsal,
        deadline: Number.isFinite(deadline.stopsAt) ? new Date(deadline.stopsAt) : undefined,
        signals: [deadline.handlerStop, progress.unwanted, saving.stop, lost],
        secrets: secrets.values,
        logger: secrets.redactor.logger(ports.logger),
        maxJsonDepth: settings.maxJsonDepth,
        state,
        onCheckpoint: (state) => saving.save(state),
        onComplete: (result, writes) => completion.run(result, writes),
        onProgress: ({ fraction, note }) =>
          progress.add({ fraction, note: note && secrets.redactor.text(note) }),
      });
      if (processor.input) await handled.validate(processor.input);
      observer.onHandle();
      const result = await context.with(started.context, processor.handler, undefined, handled);
      const completed = await completion.ending();
      if (completed) return completed;
      const produced = await producedResult(result, { request: traced, handled }, attempt);
      const body = saving.whileGoing(produced);
      const results = new ResultKeeper(traced, settings, ports);
      // A streamed result is produced while it is stored.
      const kept = context.with(started.context, () => results.keep(body, lease, deadline.handlerDeadline));
      return { status: 'succeeded', result: await kept };
    } catch (error) {
      const readError = payload.readError();
      // If reading the payload failed, an error such as a 400 doesn't reject the request.
      throw error instanceof PermanentError && readError !== undefined ? readError : secrets.failed(error);
    } finally {
      payload.discard();
    }
  } catch (error) {
    // Even if the handler caught that error and threw another one.
    if (checkpoints?.suspended) throw new AttemptSuspended();
    if (error instanceof PermanentError && !(error instanceof TopicRefused))
      return failure(error, lease.attempt);
    throw error;
  }
}

/** What the metadata of an uploaded object says about its request, as attributes say it about others. */
export type ObjectFacts = TraceContext & Pick<DecodedRequest, 'topic'>;

/** @throws EnvelopeMalformed for a topic that can't be one */
function factsOf(metadata: Readonly<Record<string, string>>, request: DecodedRequest): ObjectFacts {
  const { traceparent, topic } = request;
  return {
    ...(traceparent === undefined && readTraceContext(metadata)),
    ...(topic === undefined && {
      topic: readOptionalTopic('metadata', TOPIC_METADATA, metadata[TOPIC_METADATA]),
    }),
  };
}

/** Rejects a request that came to the queue of a processor for other topics. @throws TopicRefused */
function assertSubscribed({ topic }: DecodedRequest, { topics }: AttemptContext['settings']): void {
  if (closestPattern(topics, topic) !== undefined) return;
  throw new TopicRefused(topic, topics);
}

/** Rejects a request before it starts if its callback URL isn't allowed. @throws CallbackRefused */
function assertCallback({ callbackUrl }: DecodedRequest, settings: AttemptContext['settings']): void {
  const problem = callbackUrl === undefined ? undefined : callbackUrlProblem(callbackUrl, settings);
  if (problem) throw new CallbackRefused(problem);
}
