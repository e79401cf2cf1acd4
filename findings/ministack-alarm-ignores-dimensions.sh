#!/usr/bin/env bash
# To CloudWatch, each combination of dimensions is a metric of its own, and an alarm watches the one that it names. MiniStack 1.5.33
# evaluates an alarm on the data of all metrics with its namespace and name: the errors of one function raise the alarms of all
# others. GetMetricStatistics respects the dimensions.
set -euo pipefail
cd "$(mktemp -d)"
npm install --silent --no-audit --no-fund --ignore-scripts --save-exact @aws-sdk/client-cloudwatch@3.1164.0
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check ministack==1.5.33
cat > alarm.mjs <<'JS'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  GetMetricStatisticsCommand,
  PutMetricAlarmCommand,
  PutMetricDataCommand,
} from '@aws-sdk/client-cloudwatch';

const free = createServer().listen(0, '127.0.0.1');
await once(free, 'listening');
const { port } = free.address();
free.close();
const server = spawn('python/bin/ministack', [], { stdio: 'ignore', env: { ...process.env, GATEWAY_PORT: `${port}` } });
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const cloudwatch = new CloudWatchClient({ endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1', credentials });

const metricOf = (name) => ({ MetricName: 'Errors', Dimensions: [{ Name: 'FunctionName', Value: name }] });
const alarmOn = (name) =>
  new PutMetricAlarmCommand({
    AlarmName: name,
    Namespace: 'Shop',
    ...metricOf(name),
    Statistic: 'Sum',
    Period: 60,
    EvaluationPeriods: 1,
    Threshold: 1,
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
  });
const stateOf = async (name) => {
  const { MetricAlarms } = await cloudwatch.send(new DescribeAlarmsCommand({ AlarmNames: [name] }));
  return MetricAlarms[0].StateValue;
};

const data = new PutMetricDataCommand({ Namespace: 'Shop', MetricData: [{ ...metricOf('orders'), Value: 5 }] });
while (!(await cloudwatch.send(data).catch(() => undefined))) await sleep(100);
// It evaluates an alarm when it is put, and once a minute.
for (const name of ['orders', 'payments']) await cloudwatch.send(alarmOn(name));
const now = Date.now();
const { Datapoints } = await cloudwatch.send(
  new GetMetricStatisticsCommand({
    Namespace: 'Shop',
    ...metricOf('payments'),
    Statistics: ['Sum'],
    Period: 60,
    StartTime: new Date(now - 600_000),
    EndTime: new Date(now + 60_000),
  }),
);
console.log(`orders ${await stateOf('orders')}, payments ${await stateOf('payments')}; data of payments: ${Datapoints.length}`);
server.kill();
JS
echo "MiniStack 1.5.33: errors of the function orders, and an alarm on the errors of each function"
echo "expected: orders ALARM, payments INSUFFICIENT_DATA; data of payments: 0"
seen="$(node alarm.mjs)"
echo "observed: $seen"
[ "$seen" = 'orders ALARM, payments ALARM; data of payments: 0' ]
