/** Opens the service in a file, submits transfers and makes those that are in the queue, until it is killed. */
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { openService } from 'coatcheck/embedded';
import { handler } from './transfer.ts';

const [file = ''] = process.argv.slice(2);
const service = await openService({ file, processor: handler });

while (true) {
  const { id } = await service.submit({ to: `${randomInt(3)}`, wait: randomInt(30) });
  console.log(id);
  await sleep(randomInt(4));
}
