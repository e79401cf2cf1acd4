import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Keys of a service on this machine. */
export interface SecretKeys {
  /** Signs links of uploads and downloads, in base64. */
  readonly transfers: string;
  /** Signs webhooks: what their receivers verify with. */
  readonly webhookSecret: string;
}

/** The file with the keys, which only its owner may read. */
export const KEYS_FILE = 'keys.json';

const KEY_BYTES = 32;

/** Reads the keys in a folder, and makes them if there are none. */
export async function readKeys(folder: string): Promise<SecretKeys> {
  const path = join(folder, KEYS_FILE);
  const secret = () => randomBytes(KEY_BYTES).toString('base64');
  const made: SecretKeys = { transfers: secret(), webhookSecret: `whsec_${secret()}` };
  try {
    await writeFile(path, `${JSON.stringify(made, null, 2)}\n`, { flag: 'wx', mode: 0o600 });
    return made;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    return JSON.parse(await readFile(path, 'utf8'));
  }
}
