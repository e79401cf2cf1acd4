import type { WebhookEndpoint, WebhookEndpointWithSecret } from '../../../client/index.ts';
import { isForPeople, print, printCells, printJson, printRows } from '../../../terminal/output.ts';

const HEADER = ['endpoint', 'status', 'url', 'events', 'topics', 'problem'] as const;

/** How to print endpoints. */
interface PrintOptions {
  readonly json?: true;
}

/** Prints endpoints as a table, as cells or as JSON. */
export async function printEndpoints(
  endpoints: readonly WebhookEndpoint[],
  { json }: PrintOptions,
): Promise<void> {
  if (isForPeople({ json })) {
    return printRows(HEADER, endpoints.map(cellsOf), ['problem', 'topics', 'events', 'url']);
  }
  for (const endpoint of endpoints) await (json ? printJson(endpoint) : printCells(cellsOf(endpoint)));
}

/** Prints an endpoint with its secret, which is the last cell of a row. */
export async function printWithSecret(
  endpoint: WebhookEndpointWithSecret,
  { json }: PrintOptions,
): Promise<void> {
  if (json) return printJson(endpoint);
  const { secret } = endpoint;
  if (!isForPeople({ json })) return printCells([...cellsOf(endpoint), secret]);
  await printEndpoints([endpoint], {});
  await print(`secret: ${secret}`);
}

function cellsOf({
  id,
  status,
  url,
  events,
  topics = ['*'],
  failingSince,
  lastError,
}: WebhookEndpoint): string[] {
  const problem = failingSince === undefined ? '' : `failing since ${failingSince}: ${lastError ?? ''}`;
  return [id, status, url, events.join(' '), topics.join(' '), problem];
}
