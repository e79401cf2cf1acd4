import { type LocalAws, openLocalAws } from '../../lib/local/emulator.ts';
import { readLocalSettings } from '../../lib/local/environment.ts';
import { freePort } from '../local/free-port.ts';

/**
 * Starts a local AWS for the tests, or uses the one that `AWS_ENDPOINT_URL` names. Disposing stops it if it was started here.
 * @param folder for its log
 */
export async function openTestAws(folder: string): Promise<LocalAws> {
  return openLocalAws({ ...readLocalSettings(process.env), port: await freePort(), folder });
}
