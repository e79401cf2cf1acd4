import { expect, test } from 'vitest';
import type { Destination } from '../../lib/api/destination.ts';
import { Forecaster } from '../../lib/core/intake/forecast/forecaster.ts';
import { MemoryLimitStore } from '../../lib/stores/memory/limit-store.ts';
import { requestIn } from '../support/api-answers.ts';
import { ApiHarness, SetAdmission } from '../support/api-harness.ts';
import { SubmissionService } from '../support/submission-service.ts';

/** An API in front of a processor for images and one for reports. */
function frontDoor() {
  const reports = new SubmissionService();
  const admission = new SetAdmission();
  const behind: Destination = {
    topics: ['reports.*', 'images.scanned'],
    submissions: reports.submissions,
    admission,
    forecaster: new Forecaster({
      admission,
      limits: [],
      limitStore: new MemoryLimitStore(),
      logger: reports.harness.logger,
      clock: reports.harness.clock,
    }),
    acceptsMinVersion: true,
    keepsOrder: true,
    maxUploadDelaySeconds: 0,
  };
  const images = new ApiHarness(() => 'done', { topics: ['images.*'], others: [behind] });
  const submit = (topic: string | undefined, headers: Record<string, string> = {}) =>
    images.call('POST', '/v1/requests', {
      body: '1',
      headers: { ...headers, ...(topic !== undefined && { 'Coatcheck-Topic': topic }) },
    });
  return { images, reports, admission, submit };
}

test('a request goes to the queue of the processor with the closest pattern', async () => {
  const { images, reports, submit } = frontDoor();
  await requestIn(await submit('images.thumbnail'), 202);
  await requestIn(await submit('images.scanned'), 202);
  await requestIn(await submit('reports.monthly'), 202);
  const topicsIn = (queue: { readonly sent: readonly { readonly message: string }[] }) =>
    queue.sent.map(({ message }) => JSON.parse(message).topic);
  expect(topicsIn(images.queue)).toEqual(['images.thumbnail']);
  expect(topicsIn(reports.queue)).toEqual(['images.scanned', 'reports.monthly']);
});

test('the processor it is for decides whether it is admitted, and what it may ask for', async () => {
  const { images, admission, submit } = frontDoor();
  const headers = { 'Coatcheck-Ordering-Key': 'k', 'Coatcheck-Min-Version': '7' };
  expect((await submit('reports.monthly', headers)).status).toBe(202);
  expect(await (await submit('images.thumbnail', headers)).json()).toMatchObject({
    code: 'min_version_unsupported',
  });
  admission.decision = {
    admitted: false,
    reason: 'overloaded',
    retryAfterSeconds: 9,
    load: { maxWaitSeconds: 900 },
  };
  expect((await submit('reports.monthly')).status).toBe(503);
  expect((await submit('images.thumbnail')).status).toBe(202);
  const load = async (query: string) => (await images.call('GET', `/v1/status${query}`)).json();
  expect(await load('?topic=reports.monthly')).toMatchObject({ accepting: false });
  expect(await load('')).toMatchObject({ accepting: true });
});

test.each([
  ['music', 'topic_unknown', 'music'],
  [undefined, 'topic_required', 'none'],
])('a request with the topic %s is refused, since no processor is for it', async (topic, code, got) => {
  const { images, reports, submit } = frontDoor();
  const response = await submit(topic);
  expect(response.status).toBe(422);
  expect(await response.json()).toMatchObject({
    code,
    detail: `Coatcheck-Topic must be a topic that a processor takes: images.*, reports.*, images.scanned, got ${got}`,
  });
  const opened = await images.call('POST', '/v1/uploads', { json: { size: 5, topic } });
  expect(await opened.json()).toMatchObject({ code });
  expect([images.queue.sent, reports.queue.sent, images.transfers.forms]).toEqual([[], [], []]);
});
