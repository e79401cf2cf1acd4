import { CallbackRefused, PermanentError } from '../base/errors.ts';
import { readTraceContext } from '../base/traceparent.ts';
import { callbackUrlProblem } from '../model/callback-url.ts';
import type { DecodedRequest } from '../model/decoded-request.ts';
import { keptMetadata } from '../model/kept-metadata.ts';
import { type Ending, failure } from '../model/outcome.ts';
import { closestPattern, TOPIC_METADATA } from '../model/topic.ts';
import { openPayload } from '../processor/payload.ts';
import { readOptionalTopic } from '../wire/fields.ts';
import type { AttemptContext } from './attempt-context.ts';
import { AttemptSecrets } from './attempt-secrets.ts';
import { TopicRefused } from './errors.ts';
import { type HandlerEvents, handle } from './handle.ts';
import type { LeasedRequest, ObjectFacts } from './leased-request.ts';

/**
 * Opens the payload, runs the handler and keeps its result.
 * @returns how the request ended
 * @throws TopicRefused if the processor isn't for its topic; the error of the handler or of a port, if the request should
 *   be retried
 */
export async function runHandler(
  leased: LeasedRequest,
  attempt: AttemptContext,
  events: HandlerEvents,
): Promise<Ending> {
  const { processor, settings, ports, deadline } = attempt;
  try {
    assertCallback(leased.request, settings);
    const secrets = await AttemptSecrets.read(processor, ports.secrets);
    const payload = await openPayload(leased.request, ports.store, settings, deadline.handlerDeadline);
    try {
      leased.lease.noteMetadata(keptMetadata(payload.metadata, settings.recordMetadata));
      leased.describe(factsOf(payload.objectMetadata, leased.request));
      assertSubscribed(leased.request, settings);
      return await handle(payload, secrets, leased, attempt, events);
    } catch (error) {
      const readError = payload.readError();
      // If reading the payload failed, an error such as a 400 doesn't reject the request.
      throw error instanceof PermanentError && readError !== undefined ? readError : secrets.failed(error);
    } finally {
      payload.discard();
    }
  } catch (error) {
    if (error instanceof PermanentError && !(error instanceof TopicRefused)) {
      return failure(error, leased.lease.attempt);
    }
    throw error;
  }
}

/** Rejects a request before it starts if its callback URL isn't allowed. @throws CallbackRefused */
function assertCallback({ callbackUrl }: DecodedRequest, settings: AttemptContext['settings']): void {
  const problem = callbackUrl === undefined ? undefined : callbackUrlProblem(callbackUrl, settings);
  if (problem) throw new CallbackRefused(problem);
}

/** What only the payload's object says about its request. @throws EnvelopeMalformed for a topic that can't be one */
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
