import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PermanentError, processor } from 'coatcheck';
import { type OutcomeFilter, openService, type ServiceOptions } from 'coatcheck/embedded';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { serviceRetention, sweep } from '../../lib/embedded/retention.ts';
import { serviceSettings } from '../../lib/embedded/settings.ts';
import { Storage } from '../../lib/embedded/storage.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { eventually } from '../support/eventually.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coatcheck-subscriptions-'));
  file = join(folder, 'jobs.db');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const echo = processor(async (request) => {
  const text = await request.text();
  if (text === 'no') throw new PermanentError('no');
  return text;
});

function open(options: Partial<ServiceOptions> = {}) {
  return openService({ file, processor: echo, logger: new CollectingLogger(), ...options });
}

test('each subscription gets the outcomes that fit its filter, and consume() without one gets all', async () => {
  await using service = await open();
  const got: Record<string, string[]> = { all: [] };
  const subscriptions: Record<string, OutcomeFilter> = {
    images: { topics: ['images.*'] },
    failures: { statuses: ['failed'] },
    acme: { tenants: ['acme'], topics: ['images', 'reports.*'] },
    everything: {},
  };
  for (const [name, filter] of Object.entries(subscriptions)) {
    await service.subscribe(name, filter);
    const ids: string[] = [];
    got[name] = ids;
    service.consume(({ requestId }) => ids.push(requestId), { subscription: name });
  }
  service.consume(({ requestId }) => got.all?.push(requestId));
  const submit = async (payload: string, topic?: string, tenant?: string) =>
    (await service.submit(payload, { topic, tenant })).id;
  const small = await submit('a', 'images.small', 'acme');
  const images = await submit('a', 'images', 'acme');
  const failed = await submit('no', 'images.large');
  const report = await submit('a', 'reports.daily', 'acme');
  const other = await submit('a', 'reports.daily', 'other');
  const none = await submit('no');
  const all = [small, images, failed, report, other, none];
  await eventually(() => {
    expect(got.all?.toSorted()).toEqual(all.toSorted());
    expect(got.everything?.toSorted()).toEqual(all.toSorted());
    expect(got.images?.toSorted()).toEqual([small, failed].toSorted());
    expect(got.failures?.toSorted()).toEqual([failed, none].toSorted());
    expect(got.acme?.toSorted()).toEqual([images, report].toSorted());
  });
});

test('a subscription is in the file: it collects outcomes while no process consumes it', async () => {
  {
    await using first = await open();
    await first.subscribe('billing', { topics: ['orders.*'] });
    const { id } = await first.submit('a', { topic: 'orders.paid' });
    await first.wait(id);
  }
  await using second = await open({ processor: undefined });
  expect(second.subscriptions).toEqual(['billing']);
  const topics: (string | undefined)[] = [];
  second.consume(({ topic }) => topics.push(topic), { subscription: 'billing' });
  await eventually(() => expect(topics).toEqual(['orders.paid']));
});

test('an outcome comes again until the handler of its subscription returns; the others don’t wait for it', async () => {
  await using service = await open();
  await service.subscribe('slow');
  let attempts = 0;
  const all: string[] = [];
  service.consume(({ id }) => all.push(id));
  const slow: string[] = [];
  service.consume(
    ({ id }) => {
      if (++attempts < 2) throw new Error('not now');
      slow.push(id);
    },
    { subscription: 'slow' },
  );
  await service.submit('a');
  await eventually(() => {
    expect(new Set(slow).size).toBe(1);
    expect(new Set(all)).toEqual(new Set(slow));
  });
  expect(attempts).toBeGreaterThanOrEqual(2);
});

test('subscriptions that are added, changed and removed under load lose and double nothing', async () => {
  await using service = await open({ settings: { concurrency: 8 } });
  const all = new Set<string>();
  service.consume(({ requestId }) => all.add(requestId));
  /** Consumes a subscription. @returns the outcomes of each request: one, however often it comes */
  const collect = (subscription: string) => {
    const outcomes = new Map<string, Set<string>>();
    service.consume(
      ({ requestId, id }) => {
        outcomes.set(requestId, (outcomes.get(requestId) ?? new Set()).add(id));
      },
      { subscription },
    );
    return outcomes;
  };
  await service.subscribe('steady');
  const steady = collect('steady');
  const submitted: string[] = [];
  const since: Record<string, { readonly from: number; readonly outcomes: typeof steady }> = {};
  for (let n = 0; n < 300; n++) {
    if (n % 60 === 20) {
      const name = `late-${n}`;
      await service.subscribe(name, { topics: ['nothing'] });
      await service.subscribe(name, { topics: ['work.*'] });
      since[name] = { from: submitted.length, outcomes: collect(name) };
      await service.subscribe('passing');
    }
    if (n % 60 === 40) expect(await service.unsubscribe('passing')).toBe(true);
    submitted.push((await service.submit('a', { topic: `work.${n}` })).id);
  }
  await eventually(() => {
    expect(all.size).toBe(300);
    expect(new Set(steady.keys())).toEqual(new Set(submitted));
    for (const { from, outcomes } of Object.values(since)) {
      expect([...outcomes.keys()]).toEqual(expect.arrayContaining(submitted.slice(from)));
    }
  });
  for (const outcomes of [steady, ...Object.values(since).map((each) => each.outcomes)]) {
    expect([...outcomes.values()].filter(({ size }) => size !== 1)).toEqual([]);
  }
  expect(await service.unsubscribe('passing')).toBe(false);
  expect(service.subscriptions).toEqual([...Object.keys(since), 'steady'].toSorted());
});

test('outcomes that no handler takes are deleted as those of the output queue are', async () => {
  {
    await using service = await open();
    await service.subscribe('idle');
    await service.wait((await service.submit('a')).id);
  }
  const later = { now: () => Date.now() + 5 * 86_400_000 };
  await using storage = await Storage.open(file, later);
  expect(await storage.input('outcomes/idle').read()).toMatchObject({ waiting: 1 });
  const facts = {
    serviceName: 's',
    handlerVersion: undefined,
    source: 'file://payloads',
    webhooks: undefined,
  };
  await sweep(serviceRetention(storage, serviceSettings({}, facts)), new AbortController().signal);
  expect(await storage.input('outcomes/idle').read()).toMatchObject({ waiting: 0 });
});

test.each<[string, OutcomeFilter, string]>([
  ['a/b', {}, 'The name of a subscription must have 1 to 64 letters, digits, _ and -, got "a/b"'],
  ['a', { topics: ['*.x'] }, 'topics: must be a topic'],
  ['a', { topics: [] }, 'topics must have at least one, got none: leave it out for all'],
  ['a', { statuses: ['done'] }, 'statuses must be of succeeded, failed, cancelled, expired, got "done"'],
  ['a', { tenants: [''] }, 'tenants: a tenant has 1 to 256 characters, got 0'],
])('the subscription %s to %j is refused', async (name, filter, problem) => {
  await using service = await open({ processor: undefined });
  await expect(service.subscribe(name, filter)).rejects.toThrow(problem);
  expect(service.subscriptions).toEqual([]);
});

test('consuming a subscription that was never added is refused, since its outcomes would go nowhere', async () => {
  await using service = await open({ processor: undefined });
  await service.subscribe('billing');
  expect(() => service.consume(() => {}, { subscription: 'biling' })).toThrow(
    'subscription must be one that subscribe() has added, billing, got "biling"',
  );
  await using without = await openService({ file: join(folder, 'other.db'), output: false });
  await expect(without.subscribe('a')).rejects.toThrow(
    'subscribe() has no outcomes, because output is false',
  );
});
