import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, type TestContext } from 'vitest';

/**
 * A folder that is removed with all that is in it when the test is over.
 * @param context of the test. Concurrent tests must pass it: without it, Vitest takes the test that began last
 */
export async function temporaryFolder(
  context: Pick<TestContext, 'onTestFinished'> = { onTestFinished },
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'coatcheck-test-'));
  // A process that was just killed may still write.
  context.onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));
  return folder;
}
