import { processor } from 'coatcheck';
import { runJob } from '../../job.ts';

export const handler = processor(async (request) => {
  const { job } = (await request.json()) as { job: number };
  return { ...(await runJob(job)) };
});
