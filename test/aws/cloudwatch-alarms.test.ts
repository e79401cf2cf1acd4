import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { NestedStack, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { describe, expect, test } from 'vitest';
import { CloudWatchAlarms } from '../../lib/aws/cloudwatch-alarms.ts';
import { AsyncService } from '../../lib/constructs/index.ts';
import { readApiEnvironment } from '../../lib/core/config/api-environment.ts';
import type { ServiceAlarm } from '../../lib/core/ports/alarms.ts';
import { ENTRY, emptyApp, readable, resource } from '../constructs/service-in-app.ts';
import { clientConfig, jsonAnswer, ScriptedEndpoint } from '../support/scripted-endpoint.ts';

test('pages of 100 are read to the last one', async () => {
  await using endpoint = await new ScriptedEndpoint((call, response) => {
    const { NextToken = '0' } = JSON.parse(String(call.body));
    const page = Number(NextToken);
    const AlarmName = `Stack-ServiceAlarmsPage${'ABC'[page]}0A1B2C3D-XYZ`;
    const next = page < 2 ? { NextToken: String(page + 1) } : {};
    jsonAnswer(200, { MetricAlarms: [{ AlarmName, StateValue: 'OK' }], ...next })(call, response);
  }).start();
  const alarms = await new CloudWatchAlarms(new CloudWatchClient(clientConfig(endpoint.url)), {
    alarmPrefix: 'Stack-Service',
    alarmHashes: ['Gyw9'],
  }).read();
  expect(alarms).toEqual(['PageA', 'PageB', 'PageC'].map((name) => ({ name, state: 'ok', description: '' })));
  expect(endpoint.calls.map(({ body }) => JSON.parse(String(body)))).toMatchObject(
    [{}, { NextToken: '1' }, { NextToken: '2' }].map((next) => ({
      AlarmNamePrefix: 'Stack-Service',
      AlarmTypes: ['MetricAlarm'],
      MaxRecords: 100,
      ...next,
    })),
  );
});

test.each(['Service', 'Orders of 2026', 'AlarmsOfOrders', 'MyAlarms', 'Release'])(
  'alarms of a service named %s have the names of their constructs',
  async (id) => {
    const service = newService(new Stack(emptyApp(), 'My-Stack'), id);
    expect(namesOf(await shownOf(service))).toEqual(idsOf(service));
  },
);

test('alarms of other constructs whose names begin alike are not those of the service', async () => {
  const app = emptyApp();
  const stack = new Stack(app, 'My-Stack');
  const service = newService(stack, 'Service');
  for (const id of ['Service2', 'ServiceAlarms', 'ServiceReports']) newService(stack, id);
  newService(new Stack(app, 'My-Stack-Service'), 'Service');
  expect(namesOf(await shownOf(service))).toEqual(idsOf(service));
});

test('a service in a construct of the same name has its alarms', async () => {
  const stack = new Stack(emptyApp(), 'My-Stack');
  const service = newService(new Construct(stack, 'Orders'), 'Orders');
  expect(namesOf(await shownOf(service))).toEqual(idsOf(service));
});

describe.each([100, 150, 200])('alarms of a construct whose id has %d characters', (length) => {
  const id = `C${'c'.repeat(length - 1)}`;

  test.each(['S', 's'.repeat(128)])('in a stack named %s are found', async (stackName) => {
    const stack = new Stack(emptyApp(), 'Stack', { stackName });
    const service = newService(new Construct(stack, id), 'Service');
    expect(namesOf(await shownOf(service))).toEqual(idsOf(service));
  });

  test('in a nested stack are found', async () => {
    const stack = new NestedStack(new Stack(emptyApp(), 'Stack'), 'Nested');
    const service = newService(new Construct(stack, id), 'Service');
    expect(namesOf(await shownOf(service))).toEqual(idsOf(service));
  });
});

/** A service with an added processor, both with releases. */
function newService(scope: Construct, id: string): AsyncService {
  const service = new AsyncService(scope, id, {
    entry: ENTRY,
    api: {},
    topics: ['*'],
    release: {},
  });
  service.addProcessor('Reports', { entry: ENTRY, topics: ['reports.*'], release: {} });
  return service;
}

/** What the API of a service shows of the alarms of its app. */
async function shownOf(service: AsyncService): Promise<readonly ServiceAlarm[]> {
  const stack = Stack.of(service);
  const logicalId = (service.api?.function.node.defaultChild as CfnFunction | undefined)?.logicalId;
  const { Variables } = resource(Template.fromStack(stack), 'AWS::Lambda::Function', stack.resolve(logicalId))
    .properties.Environment;
  const { alarmPrefix, alarmHashes } = readApiEnvironment(readable(Variables) as Record<string, string>);
  const alarms = stack.node.root.node.findAll().filter((construct) => construct instanceof CfnAlarm);
  const MetricAlarms = alarms
    .map((alarm) => ({ AlarmName: nameInCloudFormation(alarm), StateValue: 'OK' }))
    .filter(({ AlarmName }) => AlarmName.startsWith(alarmPrefix));
  await using endpoint = await new ScriptedEndpoint(jsonAnswer(200, { MetricAlarms })).start();
  const client = new CloudWatchClient(clientConfig(endpoint.url));
  return await new CloudWatchAlarms(client, { alarmPrefix, alarmHashes }).read();
}

/** How a name is cut isn't documented. */
function nameInCloudFormation({ stack, logicalId, alarmName }: CfnAlarm): string {
  const given = stack.resolve(alarmName);
  const stackName = readable(stack.resolve(stack.stackName));
  const name = given ? String(readable(given)) : `${stackName}-${stack.resolve(logicalId)}-1KXQ2ZB7D0AYL`;
  if (given) expect(name.length).toBeLessThanOrEqual(255);
  return name.length <= 255 ? name : name.slice(-255);
}

function namesOf(alarms: readonly ServiceAlarm[]): string[] {
  return alarms.map(({ name }) => name).toSorted();
}

function idsOf(service: AsyncService): string[] {
  const reports = service.node.findChild('Reports') as AsyncService;
  return [...service.alarms, ...reports.alarms].map(({ node }) => node.id).toSorted();
}
