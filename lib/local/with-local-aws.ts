import { type LocalAws, type OpenOptions, openLocalAws } from './emulator.ts';
import { LocalAwsGone } from './errors.ts';

/**
 * Does the work on a local AWS, and ends that afterwards if it was started for it.
 * @throws LocalAwsGone when the work fails because the local AWS ended under it, and what {@link openLocalAws} throws
 */
export async function withLocalAws<T>(options: OpenOptions, work: (aws: LocalAws) => Promise<T>): Promise<T> {
  await using aws = await openLocalAws(options);
  try {
    return await work(aws);
  } catch (error) {
    if (options.signal?.aborted || (await answers(aws.endpoint))) throw error;
    await aws.emulator?.failure;
    throw new LocalAwsGone(aws.endpoint, error);
  }
}

function answers(endpoint: string): Promise<boolean> {
  return fetch(endpoint).then(
    () => true,
    () => false,
  );
}
