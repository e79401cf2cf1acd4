import { setTimeout as sleep } from 'node:timers/promises';
import { processor } from 'coatcheck';

/** Waits for the time in the request. */
export const handler = processor(async (request) => {
  const { waitSeconds } = (await request.json()) as { waitSeconds: number };
  await sleep(waitSeconds * 1_000);
});
