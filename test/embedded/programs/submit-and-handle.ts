/** Opens the service in a file, submits requests and handles what is in the queue, until it is killed. */
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { openService } from 'coatcheck/embedded';
import { handler } from './processor.ts';

const [file = '', name = ''] = process.argv.slice(2);
const service = await openService({ file, processor: handler });

for (let number = 1; ; number++) {
  const { id } = await service.submit({ number, wait: randomInt(5) }, { metadata: { name } });
  console.log(id);
  await sleep(randomInt(4));
}
