import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../../../lib/cli/consume/exec.ts';
import { readOutcome } from '../../../lib/consumer/outcome.ts';
import { outcomeOf } from '../../../lib/core/model/outcome.ts';
import { encodeCloudEvent } from '../../../lib/core/wire/encode-cloudevent.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const { signal } = new AbortController();

/** An outcome as a consumer receives it. */
function received(id: string) {
  const result = { bytes: Buffer.from('{}'), contentType: 'application/json' };
  const { body } = encodeCloudEvent(
    outcomeOf({ id, source: '' }, { status: 'succeeded', result }, 0),
    'service',
  );
  return readOutcome(body, { open: () => Promise.reject(new Error('nothing is in the store')) });
}

test.each(['../b', '/b', 'a/../../b', '..', '$(exit 1)', '-b', 'b; exit 1', '*', 'ü', 'b'.repeat(256)])(
  'for the ticket %.20s, the outcome id is a safe file name',
  async (ticket) => {
    const folder = await temporaryFolder();
    await runCommand(`cat > "${folder}/$COATCHECK_OUTCOME_ID.$COATCHECK_STATUS"`, received(ticket), signal);
    expect(await readdir(folder)).toEqual([expect.stringMatching(/^[0-9a-f]{32}\.succeeded$/)]);
  },
);

test('outcomes of different tickets have different file names', async () => {
  const folder = await temporaryFolder();
  for (const ticket of ['a', 'b']) {
    await runCommand(`cat > "${join(folder, '$COATCHECK_OUTCOME_ID')}"`, received(ticket), signal);
  }
  expect(await readdir(folder)).toHaveLength(2);
});

test('D3: an aborted command is killed with its child processes', async () => {
  const end = new AbortController();
  const running = runCommand('sleep 1000 & wait', received('r'), end.signal);
  end.abort();
  await expect(running).rejects.toThrow('The command was killed by SIGKILL');
});
