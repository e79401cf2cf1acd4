import { CallbackRefused, PermanentError } from '../base/errors.ts';
import { requestFields } from '../base/log-fields.ts';
import { readTraceContext, type TraceContext } from '../base/traceparent.ts';
import { callbackUrlProblem } from '../model/callback-url.ts';
import type { DecodedRequest } from '../model/decoded-request.ts';
import { type Ending, failure, type InlineResult } from '../model/outcome.ts';
import type { StoredResult } from '../model/stored-result.ts';
import { openPayload, type Payload } from '../processor/payload.ts';
import { PayloadRequest } from '../processor/request.ts';
import { resultBodyOf } from '../processor/result.ts';
import type { Lease } from '../records/lease.ts';
import type { AttemptTools } from './attempt-context.ts';
import { ProgressReport } from './progress-report.ts';
import { tellProgress } from './progress-webhook.ts';
import { ResultKeeper } from './result-keeper.ts';

/** What an attempt does once it has the request to itself: open, handle, keep the result. */
export class Work {
  #request: DecodedRequest;
  readonly #lease: Lease;
  readonly #tools: AttemptTools;

  constructor(request: DecodedRequest, lease: Lease, tools: AttemptTools) {
    this.#request = request;
    this.#lease = lease;
    this.#tools = tools;
  }

  /** The trace the request belongs to; where only its object says so, known once that is open. */
  get trace(): TraceContext {
    const { traceparent, tracestate } = this.#request;
    return { traceparent, tracestate };
  }

  /**
   * How it ended, if for good. It takes as long as the handler does.
   * @throws what the handler or a port threw, when it is worth another attempt
   */
  async ending(): Promise<Ending> {
    try {
      return { status: 'succeeded', result: await this.#result() };
    } catch (error) {
      if (error instanceof PermanentError) return failure(error, this.#lease.attempt);
      throw error;
    }
  }

  async #result(): Promise<InlineResult | StoredResult> {
    const { settings, ports, shift } = this.#tools;
    this.#assertCallback();
    const payload = await openPayload(this.#request, ports.store, settings, shift.over);
    if (this.#request.traceparent === undefined) {
      this.#request = { ...this.#request, ...readTraceContext(payload.metadata) };
    }
    try {
      return await this.#tools.span.run(this.trace, (trace) => this.#handle(payload, trace));
    } catch (error) {
      const readError = payload.readError();
      // An application that answers 400 to a payload that broke off has refused nothing.
      throw error instanceof PermanentError && readError !== undefined ? readError : error;
    } finally {
      payload.discard();
    }
  }

  /** @param trace the trace context for calls the handler makes */
  async #handle(payload: Payload, trace: TraceContext): Promise<InlineResult | StoredResult> {
    const { processor, settings, ports, shift } = this.#tools;
    const progress = new ProgressReport(requestFields(this.#request), this.#lease, ports, (made) =>
      tellProgress(this.#request, made, settings, ports),
    );
    const request = new PayloadRequest(payload, {
      id: this.#request.id,
      tenant: this.#request.tenant,
      ...trace,
      attempt: this.#lease.attempt,
      deadline: new Date(shift.stopsAt),
      signals: [shift.stopping, progress.unwanted],
      logger: ports.logger,
      maxJsonDepth: settings.maxJsonDepth,
      onProgress: (made) => progress.add(made),
    });
    if (processor.input) await request.validate(processor.input);
    const body = await resultBodyOf(await processor.handler(request), ports.clock.now());
    return await new ResultKeeper(this.#request, settings, ports).keep(body, this.#lease, shift.over);
  }

  /** Work nobody is told of as they asked for isn't begun. @throws CallbackRefused */
  #assertCallback(): void {
    const { callbackUrl } = this.#request;
    const problem =
      callbackUrl === undefined ? undefined : callbackUrlProblem(callbackUrl, this.#tools.settings);
    if (problem) throw new CallbackRefused(problem);
  }
}
