import { fromFetch, type Logger, PermanentError, processor, RetryLater } from 'coatcheck';
import { z } from 'zod';

/** A function that accepts the request's logger. */
function log(logger: Logger, x: number): void {
  logger.info('Multiplying', { x });
}

export const handler = processor({ input: z.object({ x: z.number() }) }, async (request) => {
  const { x } = await request.json();
  // @ts-expect-error In the schema it is a number.
  const text: string = x;
  log(request.logger, x);
  if (x === 0) throw new PermanentError(`${text} is nothing`);
  if (x < 0) throw new RetryLater(60);
  return { twice: 2 * x };
});

export const web = processor(fromFetch((request) => new Response(request.body)));

// @ts-expect-error A handler takes a request.
processor((_request: number) => 1);
