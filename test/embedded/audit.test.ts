import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import type { AuditFinding } from '../../lib/core/operations/audit.ts';
import { runAudit } from '../../lib/core/operations/run-audit.ts';
import { defineProcessor, type Handler } from '../../lib/core/processor/handler.ts';
import { fileAudit } from '../../lib/embedded/audit.ts';
import { openParts } from '../../lib/embedded/open-service.ts';
import { Service } from '../../lib/embedded/service.ts';
import { publicationsSince } from '../../lib/stores/sqlite/ledger.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Fails if the payload says so. */
const handler: Handler = async (request) => {
  const text = await request.text();
  if (text.startsWith('fail')) throw new Error('again');
  return `result ${text}`;
};

const LARGE = 'x'.repeat(300_000);

/** A service whose requests wait until it is run. */
async function setUp() {
  const path = join(await temporaryFolder(), 'a.db');
  const open = async (processor?: Handler) => {
    const settings = { maxAttempts: 1, concurrency: 20 };
    const parts = await openParts({ file: path, logger: new CollectingLogger(), settings }, Date);
    const service = new Service({ ...parts, processor: processor && defineProcessor(processor) });
    onTestFinished(() => service.close());
    return { service, ...parts };
  };
  const { service, storage } = await open();
  const { file, payloads } = storage;
  const audit = async (graceMilliseconds = 0) => {
    const since = publicationsSince(file);
    const rules = {
      now: Date.now() + 1,
      graceMilliseconds,
      resultAgeDays: 30,
      ...(since !== undefined && { publicationsSince: since }),
    };
    const found: AuditFinding[] = [];
    for await (const judged of runAudit(fileAudit({ file, payloads }), rules)) {
      found.push(...judged.flatMap(({ findings }) => findings));
    }
    return found.map(({ verdict, ticket }) => `${verdict} ${ticket}`).toSorted();
  };
  /** What another program does to the file. */
  const sabotage = (sql: string) => {
    const database = new DatabaseSync(path);
    database.exec(sql);
    database.close();
  };
  /** Runs what waits. */
  const run = async (ids: readonly string[]) => {
    const { service: running } = await open(handler);
    for (const id of ids) await running.wait(id);
    // The messages are deleted after the records have the outcomes.
    await running.close();
  };
  /** Deletes the stored objects whose keys contain a text. */
  const deleteObjects = async (part: string) => {
    const entries = await readdir(payloads.directory, { withFileTypes: true, recursive: true });
    for (const entry of entries.filter((each) => each.isFile())) {
      const object = join(entry.parentPath, entry.name);
      const head = (await readFile(object)).subarray(0, 200).toString();
      if (head.startsWith('{"key"') && head.split('\n')[0]?.includes(part)) await rm(object);
    }
  };
  return { service, audit, sabotage, run, deleteObjects };
}

test('clean requests have no findings, whether they wait or have ended', async () => {
  const { service, audit, run } = await setUp();
  const payloads = ['a', LARGE, 'fail', 'b'];
  const ids = await Promise.all(payloads.map(async (payload) => (await service.submit(payload)).id));
  await service.submit('later', { notBefore: new Date(Date.now() + 86_400_000) });
  expect(await audit()).toEqual([]);
  await run(ids);
  expect(await audit()).toEqual([]);
});

test('each request that was sabotaged is named, and no other', async () => {
  const { service, audit, run, sabotage, deleteObjects } = await setUp();
  const submit = async (payload: string) => (await service.submit(payload)).id;
  const waiting = await Promise.all(['w1', 'w2', 'w3', LARGE].map(submit));
  const [noMessage = '', noRecord = '', , noPayload = ''] = waiting;
  sabotage(`DELETE FROM messages WHERE instr(body, '${noMessage}')`);
  sabotage(`DELETE FROM records WHERE instr(record, '${noRecord}')`);
  expect(await audit()).toEqual([`message_missing ${noMessage}`, `record_missing ${noRecord}`].toSorted());
  sabotage(`DELETE FROM messages WHERE instr(body, '${noPayload}')`);
  sabotage(`DELETE FROM records WHERE instr(record, '${noPayload}')`);
  const before = [
    `message_missing ${noMessage}`,
    `payload_orphaned ${noPayload}`,
    `record_missing ${noRecord}`,
  ].toSorted();
  expect(await audit()).toEqual(before);
  await run([waiting[2] ?? '']);

  const [ended, gone, unpublished, deadLettered] = await Promise.all([
    submit('e1'),
    submit(LARGE),
    submit('e3'),
    submit('fail'),
  ]);
  sabotage(
    `CREATE TRIGGER sabotage BEFORE INSERT ON messages WHEN new.queue = 'outcomes' AND instr(new.body, '${unpublished}')
     BEGIN SELECT RAISE(IGNORE); END`,
  );
  await run([ended, gone, unpublished, deadLettered]);
  sabotage("DELETE FROM messages WHERE queue = 'dead-letters'");
  await deleteObjects(`results/${gone}`);
  expect(await audit()).toEqual(
    [
      `message_missing ${noMessage}`,
      `payload_orphaned ${noPayload}`,
      `outcome_unpublished ${unpublished}`,
      `dead_letter_missing ${deadLettered}`,
      `result_missing ${gone}`,
    ].toSorted(),
  );
});

test('a dead letter that an action deleted is not missed, and the next one of its request is', async () => {
  const { service, audit, sabotage, run } = await setUp();
  const submit = async (payload: string) => (await service.submit(payload)).id;
  const ids = await Promise.all(['fail 1', 'fail 2', 'fail 3'].map(submit));
  const [purged = '', retried = '', redriven = ''] = ids;
  await run(ids);
  for (const [action, id] of [
    ['purge', purged],
    ['retry', retried],
    ['redrive', redriven],
  ] as const) {
    const plan = await service.actions.plan({ action, filter: { ids: [id] } });
    await service.actions.apply(plan.id, plan);
    await eventually(async () =>
      expect(await service.actions.get(plan.id)).toMatchObject({ state: 'succeeded', progress: { done: 1 } }),
    );
  }
  expect(await audit()).toEqual([]);
  sabotage("DELETE FROM messages WHERE queue <> 'outcomes'");
  expect((await audit()).filter((finding) => finding.includes(purged) || finding.includes(retried))).toEqual(
    [],
  );
  expect(await audit()).toContain(`dead_letter_missing ${redriven}`);
});

test('a process that was killed is no finding while its message comes back, and one without a message is', async () => {
  const { service, audit, sabotage } = await setUp();
  const { id } = await service.submit('one');
  const running = `UPDATE records SET record = json_set(record, '$.status', 'running', '$.leaseEndsAt', 1000, '$.leaseId', 'l')`;
  sabotage(running);
  expect(await audit()).toEqual([]);
  sabotage('DELETE FROM messages');
  expect(await audit()).toEqual([`attempt_abandoned ${id}`]);
});

test('what is younger than the grace is no finding', async () => {
  const { service, audit, sabotage } = await setUp();
  await service.submit('one');
  sabotage('DELETE FROM messages');
  expect(await audit(60_000)).toEqual([]);
});
