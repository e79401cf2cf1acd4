import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { processor } from 'coatcheck';
import { CoatcheckClient } from 'coatcheck/client';
import { expect, onTestFinished, test } from 'vitest';
import { openServiceAt } from '../../../lib/embedded/open-service.ts';
import { CollectingLogger } from '../../../lib/testing/collecting-logger.ts';
import { eventually } from '../../support/eventually.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { WorkerProcess } from '../../support/worker-process.ts';

const TAKER = join(import.meta.dirname, 'programs', 'taker.ts');
const KILLS = 6;
const VARIABLES = {
  COATCHECK_PORT: '0',
  COATCHECK_RETRY_BASE_SECONDS: '1',
  COATCHECK_RETRY_CAP_SECONDS: '1',
  COATCHECK_MAX_ATTEMPTS: '100',
};

test('services and takers that are killed at random lose no request: each ends once, as its taker was answered', async () => {
  const folder = await temporaryFolder();
  const confirmed = new Map<string, string>();
  const startTaker = (name: string) => {
    const taker = spawn(process.execPath, [TAKER, join(folder, '.coatcheck'), name], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void taker.kill('SIGKILL'));
    createInterface(taker.stdout).on('line', (line) => {
      const [id = '', ...result] = line.split(' ');
      expect(confirmed.has(id), `${id} was confirmed to two takers`).toBe(false);
      confirmed.set(id, result.join(' '));
    });
    return taker;
  };
  const accepted: string[] = [];
  let isOver = false;
  let client: CoatcheckClient | undefined;
  const submitting = (async () => {
    for (let number = 0; !isOver; number++) {
      const submitted = await client?.submit(`request ${number}`).catch(() => undefined);
      if (submitted) accepted.push(submitted.id);
      await sleep(submitted ? 2 : 20);
    }
  })();
  const steady = startTaker('steady');
  for (let kills = 0; kills < KILLS; kills++) {
    using service = new WorkerProcess(folder, [], VARIABLES, 'serve');
    await service.started();
    client = new CoatcheckClient({ baseUrl: service.apiUrl, retry: { attempts: 1 } });
    const taker = startTaker(`killed ${kills}`);
    const before = confirmed.size;
    await eventually(() => expect(confirmed.size).toBeGreaterThan(before + 20));
    // The moment of a kill is what the test is about.
    await sleep(randomInt(60));
    taker.kill('SIGKILL');
    await sleep(randomInt(60));
    service.child.kill('SIGKILL');
    await service.exit();
  }
  isOver = true;
  await submitting;
  steady.kill('SIGKILL');
  await once(steady, 'close');

  // A clock that is ahead: leases of the killed are over.
  const clock = { now: () => Date.now() + 60_000 };
  await using rest = await openServiceAt(
    {
      file: join(folder, '.coatcheck', 'service.db'),
      processor: processor(() => 'the rest'),
      settings: { maxAttempts: 100 },
      logger: new CollectingLogger(),
    },
    clock,
  );
  const ends = new Map<string, Set<string>>();
  const results = new Map<string, unknown>();
  rest.consume(async (outcome) => {
    ends.set(outcome.requestId, (ends.get(outcome.requestId) ?? new Set()).add(outcome.id));
    if (outcome.status === 'succeeded') results.set(outcome.requestId, await outcome.result.json());
  });
  for (const id of accepted) expect(await rest.wait(id)).toMatchObject({ status: 'succeeded' });
  await eventually(() => expect(accepted.filter((id) => !ends.has(id))).toEqual([]));
  expect([...ends.values()].filter(({ size }) => size !== 1)).toEqual([]);
  for (const [id, result] of confirmed) expect(results.get(id)).toBe(result);
  console.log(
    `${accepted.length} requests, ${KILLS} kills of the service and ${KILLS + 1} of takers: none lost, ${confirmed.size} confirmed to takers`,
  );
});
