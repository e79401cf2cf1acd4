import type { Action, Batch, RequestResource, WebhookEndpoint } from '../client/index.ts';

/** A request as an agent sees it: what happened to it, without texts of its sender, its handler or its receivers. */
export function redactRequest({
  attemptHistory,
  lastError,
  problem,
  progress,
  webhook,
  metadata: _metadata,
  traceparent: _trace,
  links: _links,
  ...facts
}: RequestResource) {
  return {
    ...facts,
    ...(progress && { progress: { fraction: progress.fraction } }),
    ...(attemptHistory && {
      attemptHistory: attemptHistory.map(({ error, traceparent: _trace, ...attempt }) => ({
        ...attempt,
        ...(error && { error: { code: error.code } }),
      })),
    }),
    ...(lastError && { lastError: { name: lastError.name, code: lastError.code } }),
    ...(problem && { problem: { code: problem.code, attempts: problem.attempts } }),
    ...(webhook && { webhook: { ...webhook, reason: undefined } }),
  };
}

/** An action as an agent sees it: its filter names the metadata, without the values that another operator may have given. */
export function redactAction({ filter: { metadata, ...filter }, ...action }: Action) {
  return { ...action, filter: { ...filter, ...(metadata && { metadata: Object.keys(metadata) }) } };
}

/** A batch as an agent sees it: of a refused line its number and its code, since the detail quotes it. */
export function redactBatch({ import: imported, ...batch }: Batch) {
  const problems = imported?.problems.map(({ line, code }) => ({ line, code }));
  return { ...batch, ...(imported && { import: { ...imported, problems } }) };
}

/** An endpoint as an agent sees it: since when it fails, without the text of the error, which its receiver may have chosen. */
export function redactEndpoint({ lastError: _lastError, ...endpoint }: WebhookEndpoint) {
  return endpoint;
}
