import { setTimeout as sleep } from 'node:timers/promises';
import { CloudFormationClient, DeleteStackCommand } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { ListSubscriptionsByTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { afterAll, expect, inject, test } from 'vitest';
import { consume, type ReceivedOutcome } from '../../lib/consumer/index.ts';
import { type LocalClients, localClients, localConfig } from '../../lib/local/clients.ts';
import { deploy } from '../../lib/local/deployment.ts';
import { awsVariables } from '../../lib/local/environment.ts';
import { coatcheck } from '../support/coatcheck.ts';
import { eventually } from '../support/eventually.ts';
import type { Behaviour } from './processors/behaviour.ts';
import { type Outgoing, Service } from './service.ts';
import { stacks } from './stacks.ts';

const service = new Service('E2e-fanned');
const team = new Service('E2e-team', stacks['E2e-team']);
const config = localConfig(inject('endpoint'));
const sns = new SNSClient(config);

const stop = new AbortController();
const consumers: Promise<void>[] = [];

/** Consumes a queue, at most until the end of this file. @returns the outcomes, each once however often it comes */
function collect(queueUrl: string, clients: LocalClients, until = stop.signal): ReceivedOutcome[] {
  const outcomes: ReceivedOutcome[] = [];
  const options = { ...clients, queueUrl, signal: AbortSignal.any([stop.signal, until]) };
  consumers.push(
    consume(options, (outcome) => {
      if (!outcomes.some(({ id }) => id === outcome.id)) outcomes.push(outcome);
    }),
  );
  return outcomes;
}

/** Of other teams. */
const others = localClients(inject('endpoint'));

const all = collect(service.outputQueueUrl, service.clientsOf('Consumer'));
const images = collect(service.output('ImagesQueueUrl'), service.clientsOf('Consumer'));

afterAll(async () => {
  stop.abort();
  await Promise.all(consumers);
});

function idsOf(outcomes: readonly ReceivedOutcome[]): string[] {
  return outcomes.map(({ requestId }) => requestId);
}

function request(
  id: string,
  { topic, tenant, ...about }: { topic?: string; tenant?: string; fails?: boolean },
): Outgoing {
  const behaviour: Behaviour = about.fails ? { do: 'refuse', reason: 'no' } : { do: 'echo', value: id };
  return {
    body: JSON.stringify(behaviour),
    attributes: { RequestId: id, ...(topic && { Topic: topic }), ...(tenant && { Tenant: tenant }) },
  };
}

test('each consumer receives exactly what its filter says', async () => {
  await service.send(
    request('plain', {}),
    request('thumbnail', { topic: 'images.thumbnail', tenant: 'acme' }),
    request('deep', { topic: 'images.thumbnail.small', tenant: 'Globex Ü' }),
    request('bare', { topic: 'images' }),
    request('lookalike', { topic: 'images2.large', tenant: 'acme ' }),
    request('report', { topic: 'reports', tenant: 'acme' }),
    request('broken image', { topic: 'images.large', tenant: 'acme', fails: true }),
    request('broken report', { topic: 'reports', fails: true }),
    request('broken daily report', { topic: 'reports.daily', fails: true }),
  );
  await eventually(() => expect(all).toHaveLength(9));
  await eventually(async () => {
    const { events = [] } = await new CloudWatchLogsClient(config).send(
      new FilterLogEventsCommand({ logGroupName: `/aws/lambda/${service.output('LoggedFunctionName')}` }),
    );
    const subjects = events.flatMap(({ message = '' }) => /"subject":"([^"]+)"/.exec(message)?.[1] ?? []);
    expect(new Set(subjects)).toEqual(new Set(['broken image', 'broken report']));
  });
  await eventually(() => expect(idsOf(images).toSorted()).toEqual(['broken image', 'deep', 'thumbnail']));

  const { stdout } = await coatcheck(
    ['consume', '--stack', 'E2e-team', '--subscription', 'Acme', '--max', '3', '--json'],
    { variables: awsVariables(inject('endpoint')) },
  );
  const printed = stdout
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line).requestId);
  expect(printed.toSorted()).toEqual(['deep', 'report', 'thumbnail']);
  await eventually(async () => {
    const { Attributes } = await others.sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: team.output('QueueUrl'), AttributeNames: ['All'] }),
    );
    expect(Attributes).toMatchObject({
      ApproximateNumberOfMessages: '0',
      ApproximateNumberOfMessagesNotVisible: '0',
    });
  });
});

test('each consumer can fetch a large result', async () => {
  const behaviour: Behaviour = { do: 'fill', megabytes: 1 };
  await service.send({
    body: JSON.stringify(behaviour),
    attributes: { RequestId: 'large', Topic: 'images.large' },
  });
  for (const outcomes of [all, images]) {
    const outcome = await eventually(() => {
      const found = outcomes.find(({ requestId }) => requestId === 'large');
      if (found?.status !== 'succeeded') throw new Error(`it is ${found?.status}`);
      return found;
    });
    expect(outcome.result.reference).toMatchObject({ bucket: service.bucket });
    expect((await outcome.result.bytes()).byteLength).toBe(1_000_000);
  }
});

test('a subscription that is added and removed under load loses and doubles nothing', async () => {
  const before = { all: all.length, images: images.length };
  const sent: string[] = [];
  const send = async (phase: string) => {
    const batch = Array.from({ length: 10 }, (_, index) => `${phase} ${sent.length + index}`);
    await service.send(...batch.map((id) => request(id, { topic: 'images.small' })));
    sent.push(...batch);
  };
  /** Sends while something happens. */
  const during = async <T>(phase: string, happening: Promise<T>): Promise<T> => {
    let over = false;
    const end = () => {
      over = true;
    };
    happening.then(end, end);
    while (!over) {
      await send(phase);
      await sleep(200);
    }
    return happening;
  };

  const outputs = await during(
    'adding',
    deploy({
      endpoint: inject('endpoint'),
      app: `${inject('app')} late`,
      stacks: ['E2e-late', '--exclusively'],
      folder: '.local/e2e-late',
    }),
  );
  const queueUrl = outputs['E2e-late']?.QueueUrl ?? '';
  for (let batch = 0; batch < 5; batch++) await send('subscribed');
  await eventually(() => expect(images.length - before.images).toBe(sent.length));

  const removal = new AbortController();
  const late = collect(queueUrl, others, removal.signal);
  const subscribed = sent.filter((id) => id.startsWith('subscribed'));
  await eventually(() => expect(idsOf(late)).toEqual(expect.arrayContaining(subscribed)));
  // What was published while the subscription was created is there once, or not at all.
  expect(new Set(idsOf(late)).size).toBe(late.length);
  expect(idsOf(late).filter((id) => !sent.includes(id))).toEqual([]);

  removal.abort();
  await during('removing', removeStack('E2e-late'));
  await send('removed');
  await eventually(() => expect(all.length - before.all).toBe(sent.length));
  await eventually(() => expect(images.length - before.images).toBe(sent.length));
  for (const outcomes of [all.slice(before.all), images.slice(before.images)])
    expect(new Set(idsOf(outcomes))).toEqual(new Set(sent));
});

async function removeStack(StackName: string): Promise<void> {
  const TopicArn = service.output('TopicArn');
  const count = async () =>
    (await sns.send(new ListSubscriptionsByTopicCommand({ TopicArn }))).Subscriptions?.length;
  const subscriptions = await count();
  await new CloudFormationClient(config).send(new DeleteStackCommand({ StackName }));
  await eventually(async () => expect(await count()).toBe((subscriptions ?? 0) - 1));
}
