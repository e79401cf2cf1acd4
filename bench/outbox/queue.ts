import { NATS } from '../../lib/brokers/nats.ts';
import { silentLogger } from '../support/silent-logger.ts';

export function queueUrl(port: number, name: string): URL {
  return new URL(`nats://127.0.0.1:${port}?stream=${name}&subject=${name}`);
}

/** Opening a queue for its consumer creates it. */
export async function openQueue(port: number, name: string) {
  const url = queueUrl(port, name);
  const input = await NATS.openInput(url, { maxInFlight: 1, maxAttempts: 1, logger: silentLogger });
  await input[Symbol.asyncDispose]();
  return NATS.openOutput(url, { logger: silentLogger });
}
