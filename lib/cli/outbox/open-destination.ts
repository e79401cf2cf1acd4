import { CoatcheckClient } from '../../client/index.ts';
import { ConfigurationError } from '../../core/base/errors.ts';
import { hideLogin } from '../../core/base/hide-login.ts';
import { OUTBOX_TO_VARIABLES, type OutboxEnvironment } from '../../core/config/outbox-environment.ts';
import { Relay } from '../../core/intake/relay.ts';
import type { PayloadStore } from '../../core/ports/payload-store.ts';
import { publishToApi } from '../../outbox/api-destination.ts';
import type { PublishRows } from '../../outbox/outbox-source.ts';
import { publishToQueue } from '../../outbox/publish-rows.ts';
import { findCredentials } from '../api-credentials.ts';
import type { PortOpener } from '../worker/open-ports.ts';

/** Most large messages that are stored at the same time. Each holds a socket. */
const STORED_AT_ONCE = 10;

/** The path of a queue's URL in SQS, which no URL of an API ends with: the number of an account, and a name. */
const SQS_QUEUE = /\/\d{12}\/[\w-]{1,80}(?:\.fifo)?$/;

/** Opens what an outbox is relayed to. @param signal ends calls of an API @throws ConfigurationError */
export async function openDestination(
  environment: OutboxEnvironment,
  opener: PortOpener,
  signal: AbortSignal,
): Promise<PublishRows> {
  const { toUrl, highToUrl, lowToUrl, order } = environment;
  const ordered = order === 'fifo';
  if (isApi(toUrl)) {
    assertNoLanes(environment);
    const { auth } = await findCredentials(toUrl, environment.token || undefined);
    // The relay repeats calls itself, and holds its rows while one lasts.
    const client = new CoatcheckClient({ baseUrl: toUrl, auth, retry: { attempts: 1 } });
    return publishToApi(client, ordered, signal);
  }
  const store = await openStore(environment, opener);
  const lane = async (variable: string, url: string) => {
    const queue = await opener.openOutput(variable, url, ordered);
    return new Relay({ queue, store }, { payloadPrefix: environment.payloadPrefix, ordered });
  };
  return publishToQueue(
    {
      normal: await lane(OUTBOX_TO_VARIABLES.normal, toUrl),
      high: highToUrl ? await lane(OUTBOX_TO_VARIABLES.high, highToUrl) : undefined,
      low: lowToUrl ? await lane(OUTBOX_TO_VARIABLES.low, lowToUrl) : undefined,
    },
    ordered,
  );
}

function isApi(url: string): boolean {
  return /^https?:/.test(url) && !SQS_QUEUE.test(url);
}

function assertNoLanes({ toUrl, highToUrl, lowToUrl }: OutboxEnvironment): void {
  const lane = highToUrl || lowToUrl;
  if (lane === '') return;
  throw new ConfigurationError(
    `${OUTBOX_TO_VARIABLES.high} and ${OUTBOX_TO_VARIABLES.low} are for queues, got ${hideLogin(lane)} beside the API ${hideLogin(toUrl)}: a service has its own queues by priority. Leave them out`,
  );
}

async function openStore(
  { payloadsUrl }: OutboxEnvironment,
  opener: PortOpener,
): Promise<PayloadStore | undefined> {
  if (payloadsUrl === '') return undefined;
  return (await opener.openPayloads({ payloadsUrl, concurrency: STORED_AT_ONCE })).store;
}
