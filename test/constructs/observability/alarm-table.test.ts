import { readFileSync } from 'node:fs';
import { Duration, Stack } from 'aws-cdk-lib';
import type { Alarm, CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { expect, test } from 'vitest';
import { Outbox, OutcomeSubscription, RabbitMqEventSource } from '../../../lib/constructs/index.ts';
import { ALARM_TEXTS } from '../../../lib/core/config/alarm-texts.ts';
import { serviceOnFargate } from '../fargate/service-on-fargate.ts';
import { emptyApp, serviceIn, serviceInApp } from '../service-in-app.ts';

const PAGE = readFileSync('docs/operations.md', 'utf8');

/** What the table of alarms says, by their names. */
const [, TABLE = ''] = PAGE.split('\n## Alarms\n');
const ROWS = new Map(
  [
    ...(TABLE.split('\n## ')[0] ?? '').matchAll(
      /^\| (`[A-Z]\w+`(?:, `\w+`| of an? [^|]+)*) \| (.+) \| (.+) \|$/gm,
    ),
  ].flatMap(([, names = '', raised = '', remedy = '']) =>
    names.split(', ').map((name) => [name.replaceAll('`', ''), `${raised} ${remedy}`] as const),
  ),
);

/** The alarms of services with everything that has one, by their names in the table. */
function alarms(): Map<string, Alarm[]> {
  const stack = new Stack(emptyApp(), 'Stack');
  const { service } = serviceIn(stack, {
    order: 'fifo',
    topics: ['*'],
    api: { schedules: true, actions: true },
    webhooks: { endpoints: true },
    output: { fanOut: true },
    queue: {
      sources: [
        new RabbitMqEventSource({
          brokerArn: 'arn:aws:mq:us-east-1:123456789012:broker:orders:b-1234',
          queueName: 'orders',
          credentials: new Secret(stack, 'BrokerLogin'),
        }),
      ],
    },
    observability: { audit: { every: Duration.hours(6) } },
  });
  const lanes = serviceInApp({ api: { batches: true }, queue: { lanes: {} } }).service;
  const { service: onFargate } = serviceOnFargate();
  const outbox = new Outbox(stack, 'Outbox', { service });
  const { alarm } = new OutcomeSubscription(stack, 'Images', { service });
  const all: [string, Alarm][] = [
    ...[service, lanes, onFargate].flatMap((each) =>
      each.alarms.map((of): [string, Alarm] => [of.node.id, of]),
    ),
    ...outbox.alarms.map((of): [string, Alarm] => [`${of.node.id} of an Outbox`, of]),
    ['DeadLetters of a subscription', alarm],
  ];
  const byName = Map.groupBy(all, ([name]) => name);
  return new Map([...byName].map(([name, entries]) => [name, entries.map(([, of]) => of)]));
}

const ALARMS = alarms();

test('the table of alarms in the documentation has the alarms of the constructs', () => {
  expect([...ROWS.keys()].toSorted()).toEqual([...ALARMS.keys()].toSorted());
});

/** The commands of Coatcheck in a text, without their arguments. */
function commandsIn(text: string): string[] {
  const commands = text.matchAll(/npx coatcheck((?: [a-z][a-z-]*)+)/g);
  return [...new Set([...commands].map(([, command = '']) => command.trim()))].toSorted();
}

test.each([...ALARMS])('what to do about %s is the same in its description and in the table', (name, all) => {
  const row = ROWS.get(name) ?? '';
  const text = all.map(({ node }) => (node.defaultChild as CfnAlarm).alarmDescription).join('\n');
  expect(commandsIn(row)).toEqual(commandsIn(text));
  const props = text.match(/\b(?:queue|host|function|api)(?:\.[a-z]\w+)+/g) ?? [];
  for (const prop of props) expect(row).toContain(`\`${prop}\``);
});

test('the documentation names the alarms of a service on one machine', () => {
  const [, names = ''] =
    /have no CloudWatch: they show ([^.]*), computed from their file/.exec(PAGE.replaceAll('\n', ' ')) ?? [];
  expect([...names.matchAll(/`(\w+)`/g)].map(([, name]) => name)).toEqual(Object.keys(ALARM_TEXTS));
});
