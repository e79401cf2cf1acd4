import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openService, type Service } from 'coatcheck/embedded';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { handler } from './programs/processor.ts';

/** What a program in JavaScript may pass. */
function untyped(value: unknown): never {
  return value as never;
}

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

let folder: string;
let service: Service;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coatcheck-'));
  service = await openService({
    file: join(folder, 'jobs.db'),
    processor: handler,
    webhooks: { secrets: [SECRET], endpoints: true },
    logger: new CollectingLogger(),
  });
});
afterAll(async () => {
  await service.close();
  await rm(folder, { recursive: true });
});

const NULL = untyped(null);

/** What each call ends with: it names the method and the option. */
const CALLS: [call: () => Promise<unknown>, message: string][] = [
  [() => service.submit({}, NULL), 'submit(): the options must be an object, got null'],
  [() => service.submit({}, untyped('acme')), 'submit(): the options must be an object, got "acme"'],
  [
    () => service.submit({}, untyped({ tenant: null })),
    'submit(): tenant must be left out or have a value, got null',
  ],
  [() => service.submit({}, untyped({ tenant: 5 })), 'submit(): tenant must be a text, got 5'],
  [
    () => service.submit({}, untyped({ notBefore: '2030-01-01' })),
    'submit(): notBefore must be a Date, got "2030-01-01"',
  ],
  [() => service.submit({}, untyped({ topic: 5 })), 'submit(): topic must be a text, got 5'],
  [() => service.submit({}, untyped({ metadata: 'a' })), 'submit(): metadata must be an object, got "a"'],
  [
    () => service.submit({}, untyped({ callbackUrl: 5, contentType: 5 })),
    'submit(): contentType must be a text, got 5; callbackUrl must be a text, got 5',
  ],
  [() => service.wait(untyped(undefined)), 'wait(): id must be a text that is not empty, got nothing'],
  [() => service.wait('a', NULL), 'wait(): the options must be an object, got null'],
  [() => service.wait('a', untyped({ signal: 5_000 })), 'wait(): signal must be an AbortSignal, got 5000'],
  [() => service.request(untyped(5)), 'request(): id must be a text that is not empty, got 5'],
  [() => service.request('a', NULL), 'request(): the options must be an object, got null'],
  [() => service.cancel(''), 'cancel(): id must be a text that is not empty, got ""'],
  [() => service.cancel('a', NULL), 'cancel(): the options must be an object, got null'],
  [
    () => service.subscribe(untyped(undefined)),
    'The name of a subscription must have 1 to 64 letters, digits, _ and -, got nothing',
  ],
  [() => service.subscribe('a', NULL), 'subscribe(): the options must be an object, got null'],
  [() => service.subscribe('a', untyped({ topics: 'b' })), 'subscribe(): topics must be a list, got "b"'],
  [() => service.subscribe('a', untyped({ statuses: ['done'] })), 'statuses must be of succeeded, failed, '],
  [
    () => service.unsubscribe(untyped(5)),
    'The name of a subscription must have 1 to 64 letters, digits, _ and -, got 5',
  ],
  [() => service.schedule({}, untyped(undefined)), 'schedule(): the options must be an object, got nothing'],
  [() => service.schedule({}, untyped({ everyMinutes: 5 })), 'schedule(): name must be a text, got nothing'],
  [
    () => service.schedule({}, untyped({ name: 'a', everyMinutes: 5, startAt: 5 })),
    'schedule(): startAt must be a Date, got 5',
  ],
  [() => service.schedules(NULL), 'schedules(): the options must be an object, got null'],
  [
    () => service.pauseSchedule(untyped(undefined)),
    'pauseSchedule(): name must be a text that is not empty, got nothing',
  ],
  [() => service.resumeSchedule('a', NULL), 'resumeSchedule(): the options must be an object, got null'],
  [
    () => service.runSchedule('a', untyped({ idempotencyKey: 5 })),
    'runSchedule(): idempotencyKey must be a text, got 5',
  ],
  [() => service.unschedule('a', NULL), 'unschedule(): the options must be an object, got null'],
  [() => service.relayOutbox(NULL), 'relayOutbox(): the options must be an object, got null'],
  [() => service.rehearse(NULL), 'rehearse(): the options must be an object, got null'],
  [() => service.pause.start(NULL), 'pause.start(): the options must be an object, got null'],
  [() => service.actions.plan(NULL), 'actions.plan(): the options must be an object, got null'],
  [() => service.actions.plan(untyped({})), 'actions.plan(): action must be one of redrive, '],
  [
    () => service.actions.plan(untyped({ action: 'redrive' })),
    'actions.plan(): filter must be an object with settings, got nothing',
  ],
  [
    () => service.actions.plan(untyped({ action: 'redrive', filter: { since: new Date(0) } })),
    'actions.plan(): filter.since must be a number of milliseconds since 1970, got an instance of Date',
  ],
  [
    () => service.actions.plan(untyped({ action: 'redrive', filter: { since: 0, tenent: 'a' } })),
    'did you mean tenant?',
  ],
  [() => service.actions.apply('a', NULL), 'actions.apply(): the options must be an object, got null'],
  [
    () => service.actions.apply('a', untyped({ count: '1' })),
    'actions.apply(): count must be a number, got "1"; hash must be a text, got nothing',
  ],
  [() => service.limits.change('all', undefined, NULL), 'The service has no limits'],
  [() => service.batches.create(NULL), 'batches.create(): the options must be an object, got null'],
  [
    () => service.batches.create(untyped({ expiresAt: 'soon' })),
    'batches.create(): expiresAt must be a Date, got "soon"',
  ],
  [
    () => service.batches.add('a', NULL),
    'batches.add(): items must be a list, or another iterable, got null',
  ],
  [() => service.batches.add('a', [], NULL), 'batches.add(): the options must be an object, got null'],
  [
    () => service.batches.seal(untyped(undefined)),
    'batches.seal(): id must be a text that is not empty, got nothing',
  ],
  [() => service.batches.get('a', NULL), 'batches.get(): the options must be an object, got null'],
  [() => service.batches.list(NULL), 'batches.list(): the options must be an object, got null'],
  [() => service.batches.list(untyped({ limit: '5' })), 'batches.list(): limit must be a number, got "5"'],
  [() => service.batches.cancel('a', NULL), 'batches.cancel(): the options must be an object, got null'],
  [
    () => service.batches.results('a', NULL).next(),
    'batches.results(): the options must be an object, got null',
  ],
  [
    () => service.webhookEndpoints.create(NULL),
    'webhookEndpoints.create(): the options must be an object, got null',
  ],
  [
    () => service.webhookEndpoints.create(untyped({})),
    'webhookEndpoints.create(): url must be a text, got nothing',
  ],
  [
    () => service.webhookEndpoints.create(untyped({ url: 'https://a', topics: 'a' })),
    'webhookEndpoints.create(): topics must be a list, got "a"',
  ],
  [
    () => service.webhookEndpoints.list(NULL),
    'webhookEndpoints.list(): the options must be an object, got null',
  ],
  [
    () => service.webhookEndpoints.get('a', NULL),
    'webhookEndpoints.get(): the options must be an object, got null',
  ],
  [
    () => service.webhookEndpoints.secret('a', NULL),
    'webhookEndpoints.secret(): the options must be an object, got null',
  ],
  [
    () => service.webhookEndpoints.update('a', NULL),
    'webhookEndpoints.update(): the options must be an object, got null',
  ],
  [
    () => service.webhookEndpoints.remove('a', NULL),
    'webhookEndpoints.remove(): the options must be an object, got null',
  ],
  [
    () => service.webhookEndpoints.rotate('a', NULL),
    'webhookEndpoints.rotate(): the options must be an object, got null',
  ],
  [
    () => service.webhookEndpoints.test('a', NULL),
    'webhookEndpoints.test(): the options must be an object, got null',
  ],
  [
    () => service.webhookEndpoints.replay('a', NULL),
    'webhookEndpoints.replay(): the options must be an object, got null',
  ],
];

test.each(CALLS)('%s', async (call, message) => {
  await expect(call()).rejects.toThrow(message);
});

test.each<[call: () => void, message: string]>([
  [() => service.consume(untyped(undefined)), 'consume(): handler must be a function, got nothing'],
  [() => service.consume(() => {}, NULL), 'consume(): the options must be an object, got null'],
])('%s', (call, message) => {
  expect(call).toThrow(message);
});
