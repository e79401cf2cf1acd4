import { CoatcheckClient } from 'coatcheck/client';
import { expect, test } from 'vitest';

/** What a program in JavaScript may pass. */
function untyped(value: unknown): never {
  return value as never;
}

const NULL = untyped(null);

/** A call that reaches the network fails otherwise. */
const client = new CoatcheckClient({
  baseUrl: 'https://example.com',
  fetch: () => Promise.reject(new Error('A call was made')),
  retry: { attempts: 1 },
});

test.each<[call: () => unknown, message: string]>([
  [() => new CoatcheckClient(NULL), 'CoatcheckClient: the options must be an object, got null'],
  [
    () => new CoatcheckClient(untyped({ baseUrl: 'https://a', auth: 'key' })),
    'CoatcheckClient: auth must be a function, got "key"',
  ],
  [() => client.list(NULL), 'list(): the options must be an object, got null'],
])('%s', (call, message) => {
  expect(call).toThrow(message);
});

test.each<[call: () => Promise<unknown>, message: string]>([
  [() => client.submit('a', NULL), 'submit(): the options must be an object, got null'],
  [
    () => client.submit('a', untyped({ notBefore: 5 })),
    'submit(): notBefore must be a Date or a text, got 5',
  ],
  [
    () => client.submit('a', untyped({ expiresAt: {} })),
    'submit(): expiresAt must be a Date or a text, got another object',
  ],
  [
    () => client.submitJson({}, untyped({ waitSeconds: '5' })),
    'submitJson(): waitSeconds must be a number, got "5"',
  ],
  [
    () => client.submit('a', untyped({ topic: null })),
    'submit(): topic must be left out or have a value, got null',
  ],
  [
    () => client.submit('a', untyped({ metadata: { customer: 5 } })),
    'submit(): metadata.customer must be a text, got 5',
  ],
  [() => client.submitBatch(NULL), 'submitBatch(): requests must be a list, got null'],
  [
    () => client.submitBatch(untyped(new Set())),
    'submitBatch(): requests must be a list, got an instance of Set',
  ],
  [() => client.submitBatch(untyped([null])), 'submitBatch(): requests[0] must be an object, got null'],
  [
    () => client.submitBatch(untyped([{ json: 1, topic: 5 }])),
    'submitBatch(): requests[0].topic must be a text, got 5',
  ],
  [() => client.submitBatch([], NULL), 'submitBatch(): the options must be an object, got null'],
  [() => client.status(untyped(undefined)), 'status(): id must be a text that is not empty, got nothing'],
  [() => client.status('a', NULL), 'status(): the options must be an object, got null'],
  [() => client.wait('a', NULL), 'wait(): the options must be an object, got null'],
  [() => client.wait('a', untyped({ onChange: 5 })), 'wait(): onChange must be a function, got 5'],
  [() => client.result(untyped(5)), 'result(): id must be a text that is not empty, got 5'],
  [() => client.result('a', NULL), 'result(): the options must be an object, got null'],
  [
    () => client.payload('a', untyped({ tenant: null })),
    'payload(): tenant must be left out or have a value, got null',
  ],
  [() => client.cancel(''), 'cancel(): id must be a text that is not empty, got ""'],
  [() => client.cancel('a', NULL), 'cancel(): the options must be an object, got null'],
  [() => client.repeatWebhook('a', NULL), 'repeatWebhook(): the options must be an object, got null'],
  [
    () => client.listPage(untyped({ webhook: null })),
    'listPage(): webhook must be left out or have a value, got null',
  ],
  [() => client.listPage(untyped({ since: 5 })), 'listPage(): since must be a Date or a text, got 5'],
  [
    () => client.limits.change('tenant', 'a', { pausedUntil: new Date(Number.NaN) }),
    'a Date must be a time in the years 0000 to 9999, got an invalid date',
  ],
  [() => client.serviceStatus(NULL), 'serviceStatus(): the options must be an object, got null'],
  [() => client.pause(NULL), 'pause(): the options must be an object, got null'],
  [() => client.activity(untyped({ hours: '6' })), 'activity(): hours must be a number, got "6"'],
  [() => client.actions.plan(NULL), 'actions.plan(): the options must be an object, got null'],
  [
    () => client.actions.plan(untyped({ action: 'redrive' })),
    'actions.plan(): filter must be an object, got nothing',
  ],
  [() => client.actions.apply('a', NULL), 'actions.apply(): the options must be an object, got null'],
  [
    () => client.actions.abort(untyped(undefined)),
    'actions: id must be a text that is not empty, got nothing',
  ],
  [() => client.actions.get('a', NULL), 'actions.get(): the options must be an object, got null'],
  [
    () => client.actions.wait('a', untyped({ signal: 5 })),
    'actions.wait(): signal must be an AbortSignal, got 5',
  ],
  [() => client.batches.create(NULL), 'batches.create(): the options must be an object, got null'],
  [() => client.batches.add('a', [], NULL), 'batches.add(): the options must be an object, got null'],
  [
    () => client.batches.seal(untyped(undefined)),
    'batches: id must be a text that is not empty, got nothing',
  ],
  [() => client.batches.wait('a', NULL), 'batches.wait(): the options must be an object, got null'],
  [() => client.failures.get('a', NULL), 'failures.get(): the options must be an object, got null'],
  [
    () => client.failures.listPage(untyped({ limit: '5' })),
    'failures.listPage(): limit must be a number, got "5"',
  ],
  [() => client.limits.get(untyped(undefined)), 'limits: key must be a text that is not empty, got nothing'],
  [() => client.limits.list(NULL), 'limits.list(): the options must be an object, got null'],
  [() => client.schedules.put(NULL), 'schedules.put(): the options must be an object, got null'],
  [() => client.schedules.run('a', NULL), 'schedules.run(): the options must be an object, got null'],
  [() => client.schedules.remove(untyped(5)), 'schedules: name must be a text that is not empty, got 5'],
  [
    () => client.webhookEndpoints.create(NULL),
    'webhookEndpoints.create(): the options must be an object, got null',
  ],
  [() => client.webhookEndpoints.get(''), 'webhookEndpoints: id must be a text that is not empty, got ""'],
  [
    () => client.webhookEndpoints.rotate('a', NULL),
    'webhookEndpoints.rotate(): the options must be an object, got null',
  ],
  [
    () => client.webhookEndpoints.replay('a', NULL),
    'webhookEndpoints.replay(): the options must be an object, got null',
  ],
])('%s', async (call, message) => {
  await expect(call()).rejects.toThrow(message);
});
