import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { expect, test } from 'vitest';
import { CloudWatchAlarms } from '../../lib/aws/cloudwatch-alarms.ts';
import { AsyncService } from '../../lib/constructs/index.ts';
import { ENTRY, emptyApp, resource, resources } from '../constructs/service-in-app.ts';
import { clientConfig, jsonAnswer, ScriptedEndpoint } from '../support/scripted-endpoint.ts';

test('pages of 100 are read to the last one', async () => {
  await using endpoint = await new ScriptedEndpoint((call, response) => {
    const { NextToken = '0' } = JSON.parse(String(call.body));
    const page = Number(NextToken);
    const AlarmName = `Stack-ServiceAlarmsPage${'ABC'[page]}0A1B2C3D-XYZ`;
    const next = page < 2 ? { NextToken: String(page + 1) } : {};
    jsonAnswer(200, { MetricAlarms: [{ AlarmName, StateValue: 'OK' }], ...next })(call, response);
  }).start();
  const alarms = await new CloudWatchAlarms(
    new CloudWatchClient(clientConfig(endpoint.url)),
    'Stack-Service',
  ).read();
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

test.each(['Service', 'Orders of 2026', 'AlarmsOfOrders', 'MyAlarms'])(
  'alarms of a service named %s have the names of their constructs',
  async (id) => {
    const stack = new Stack(emptyApp(), 'My-Stack');
    const service = new AsyncService(stack, id, { entry: ENTRY, api: {}, topics: ['*'] });
    service.addProcessor('Reports', { entry: ENTRY, topics: ['reports.*'] });
    const template = Template.fromStack(stack);
    const { Variables } = resource(template, 'AWS::Lambda::Function', `${id.replaceAll(' ', '')}ApiFunction`)
      .properties.Environment;
    const prefix: string = Variables.COATCHECK_ALARM_PREFIX;
    const logicalIds = resources(template)
      .filter(({ type }) => type === 'AWS::CloudWatch::Alarm')
      .map(({ id }) => id);
    const MetricAlarms = logicalIds
      .map((each) => ({ AlarmName: `My-Stack-${each}-1KXQ2ZB7D0AYL`, StateValue: 'OK' }))
      .filter(({ AlarmName }) => AlarmName.startsWith(prefix));
    await using endpoint = await new ScriptedEndpoint(jsonAnswer(200, { MetricAlarms })).start();
    const alarms = await new CloudWatchAlarms(
      new CloudWatchClient(clientConfig(endpoint.url)),
      prefix,
    ).read();
    const reports = service.node.findChild('Reports') as AsyncService;
    const ids = [...service.alarms, ...reports.alarms].map(({ node }) => node.id);
    expect(alarms.map(({ name }) => name).toSorted()).toEqual(ids.toSorted());
  },
);
