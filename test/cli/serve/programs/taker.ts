/**
 * Takes requests of the service in a folder and ends each with a result of its own. Prints the id and the result of those
 * that the service has confirmed.
 *
 *     node taker.ts FOLDER NAME
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { findRunningService } from '../../../../lib/cli/running-service.ts';

const [folder = '', name = ''] = process.argv.slice(2);

for (let count = 0; ; count++) {
  // The service may have been killed.
  await takeSome(count).catch(() => sleep(20));
}

async function takeSome(count: number): Promise<void> {
  const service = await findRunningService(folder);
  if (!service) throw new Error('no service runs');
  const call = (path: string, body: unknown) =>
    fetch(`${service.url}/v1/jobs/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const answer = await call('receive', { max: 3, waitSeconds: 5, leaseSeconds: 2 });
  const { jobs } = (await answer.json()) as { jobs: readonly { id: string; lease: string }[] };
  for (const { id, lease } of jobs) {
    await sleep(Math.random() * 20);
    const result = `${name} ${count} ${lease}`;
    const { status } = await call(`${lease}/ack`, result);
    if (status === 204) console.log(`${id} ${result}`);
  }
}
