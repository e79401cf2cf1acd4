/** Times one way to do batches, by the number of their messages. */
import { sqsEvent } from '../support/sqs-event.ts';
import { serveTimings } from '../support/timing.ts';
import { WAYS, type WayName } from './ways.ts';

const [name = ''] = process.argv.slice(2);
const way = WAYS[name as WayName]();

serveTimings((batchSize) => {
  const event = sqsEvent(
    Array.from({ length: batchSize }, (_, index) =>
      JSON.stringify({ x: index, y: 7, note: 'a small payload' }),
    ),
  );
  return () => way(event);
});
