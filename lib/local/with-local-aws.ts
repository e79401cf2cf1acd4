import { type LocalAws, type OpenOptions, openLocalAws } from './emulator.ts';
import { LocalAwsGone } from './errors.ts';

/**
 * Runs work with a local AWS, and stops that afterwards if this call started it.
 * @throws LocalAwsGone if the work fails because the local AWS stopped, and the errors of {@link openLocalAws}
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
