/** A service that relays the outbox of another file and handles its requests, until it is killed. Prints a line for each request. */
import { openService } from 'coatcheck/embedded';
import { handler } from './note.ts';

const [file = '', outbox = ''] = process.argv.slice(2);
const service = await openService({ file, processor: handler, order: 'fifo' });
service.consume(({ requestId }) => console.log(requestId));
await service.relayOutbox({ file: outbox });
