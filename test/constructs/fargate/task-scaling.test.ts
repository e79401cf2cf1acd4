import { Duration } from 'aws-cdk-lib';
import { describe, expect, it, test } from 'vitest';
import { capacitySteps } from '../../../lib/constructs/fargate/task-scaling.ts';
import { readable, resource, resources, type serviceInApp } from '../service-in-app.ts';
import { serviceOnFargate } from './service-on-fargate.ts';

type Template = ReturnType<ReturnType<typeof serviceInApp>['template']>;

const PREFIX = 'ServiceProcessorScaling';

/** Values of the metrics of an alarm. */
interface Observed {
  readonly waiting: number;
  readonly running: number;
  /** In milliseconds. */
  readonly slot?: number;
}

/** The value of a metric math expression, for the functions that the alarms use. */
function resultOf(expression: string, { waiting, running, slot }: Observed): number | undefined {
  if (expression.includes('slot') && slot === undefined) return undefined;
  const script = expression.replaceAll(' AND ', ' && ').replaceAll(' == ', ' === ');
  const evaluate = new Function('waiting', 'running', 'slot', 'IF', 'FILL', 'CEIL', `return ${script};`);
  const ifElse = (condition: boolean, yes: number, no: number) => (condition ? yes : no);
  return evaluate(waiting, running, slot, ifElse, (value: number) => value, Math.ceil);
}

/** The number of tasks that an alarm and its policy set; undefined if the alarm doesn't fire. */
function capacityBy(template: Template, alarmId: string, observed: Observed): number | undefined {
  const alarm = resource(template, 'AWS::CloudWatch::Alarm', PREFIX + alarmId).properties;
  const value = resultOf(alarm.Metrics[0].Expression, observed);
  if (value === undefined) return undefined;
  const isAbove = alarm.ComparisonOperator === 'GreaterThanOrEqualToThreshold';
  if (isAbove ? value < alarm.Threshold : value > alarm.Threshold) return undefined;
  const [action] = readable(alarm.AlarmActions) as string[];
  const policy = resources(template).find(({ id }) => `<${id}>` === action)?.properties;
  expect(policy.StepScalingPolicyConfiguration.AdjustmentType).toBe('ExactCapacity');
  const breach = value - alarm.Threshold;
  const steps: {
    MetricIntervalLowerBound?: number;
    MetricIntervalUpperBound?: number;
    ScalingAdjustment: number;
  }[] = policy.StepScalingPolicyConfiguration.StepAdjustments;
  // As documented: above the threshold the lower bound is inclusive, below it the upper one.
  const matching = steps.filter(({ MetricIntervalLowerBound: lower, MetricIntervalUpperBound: upper }) =>
    isAbove
      ? breach >= (lower ?? Number.NEGATIVE_INFINITY) && breach < (upper ?? Number.POSITIVE_INFINITY)
      : breach > (lower ?? Number.NEGATIVE_INFINITY) && breach <= (upper ?? Number.POSITIVE_INFINITY),
  );
  expect(matching).toHaveLength(1);
  return matching[0]?.ScalingAdjustment;
}

describe('with defaults: 10 requests a task, 10 tasks, a target of 5 minutes', () => {
  const template = serviceOnFargate().template();

  test.each<[string, Observed, number | undefined]>([
    ['the first message', { waiting: 1, running: 0 }, 1],
    ['many messages at once', { waiting: 900, running: 0 }, 1],
    ['an empty queue', { waiting: 0, running: 0 }, undefined],
    ['work that has begun', { waiting: 5, running: 1 }, undefined],
  ])('starts the first task for %s', (_, observed, tasks) => {
    expect(capacityBy(template, 'NoneInWork', observed)).toBe(tasks);
  });

  test.each<[string, Observed, number | undefined]>([
    ['short jobs that one task finishes in time', { waiting: 2_900, running: 10, slot: 1_000 }, 1],
    ['one more than that', { waiting: 2_991, running: 10, slot: 1_000 }, 2],
    ['jobs of a minute', { waiting: 90, running: 10, slot: 60_000 }, 2],
    ['jobs of an hour, which get a slot each', { waiting: 25, running: 10, slot: 3_600_000 }, 4],
    ['more than the most tasks can do', { waiting: 5_000, running: 10, slot: 60_000 }, 10],
    ['tasks that handle nothing', { waiting: 5, running: 0 }, undefined],
  ])('starts enough tasks for %s', (_, observed, tasks) => {
    expect(capacityBy(template, 'Backlog', observed)).toBe(tasks);
  });

  test.each<[string, Observed, number | undefined]>([
    ['nothing is left', { waiting: 0, running: 0 }, 0],
    ['a message waits', { waiting: 1, running: 0 }, undefined],
    ['a message is in work or waits for its next attempt', { waiting: 0, running: 1 }, undefined],
  ])('ends the tasks if %s', (_, observed, tasks) => {
    expect(capacityBy(template, 'Empty', observed)).toBe(tasks);
  });

  it('ends them after ten minutes', () => {
    expect(resource(template, 'AWS::CloudWatch::Alarm', `${PREFIX}Empty`).properties.EvaluationPeriods).toBe(
      10,
    );
  });

  it('scales the service between its limits', () => {
    const { id } = resource(template, 'AWS::ECS::Service');
    const cluster = resource(template, 'AWS::ECS::Cluster').id;
    expect(
      readable(resource(template, 'AWS::ApplicationAutoScaling::ScalableTarget').properties),
    ).toMatchObject({
      MinCapacity: 0,
      MaxCapacity: 10,
      ResourceId: `service/<${cluster}>/<${id}.Name>`,
      ScalableDimension: 'ecs:service:DesiredCount',
    });
  });
});

it('has no alarm for the first task if there always is one', () => {
  const template = serviceOnFargate({
    minTasks: 2,
    maxTasks: 3,
    concurrency: 1,
    targetWait: Duration.hours(1),
  }).template();
  const alarms = resources(template).filter(
    ({ id, type }) => type === 'AWS::CloudWatch::Alarm' && id.startsWith(PREFIX),
  );
  expect(alarms).toHaveLength(2);
  expect(capacityBy(template, 'Empty', { waiting: 0, running: 0 })).toBe(2);
  expect(capacityBy(template, 'Backlog', { waiting: 0, running: 2, slot: 7_200_000 })).toBe(2);
  expect(capacityBy(template, 'Backlog', { waiting: 90, running: 2, slot: 60_000 })).toBe(2);
});

it('has as many steps as a policy may have, each enough for what it stands for', () => {
  const template = serviceOnFargate({ maxTasks: 1_000, concurrency: 1 }).template();
  const policy = resource(template, 'AWS::ApplicationAutoScaling::ScalingPolicy', `${PREFIX}FollowBacklog`);
  expect(policy.properties.StepScalingPolicyConfiguration.StepAdjustments.length).toBeLessThanOrEqual(20);
  for (const needed of [1, 2, 3, 7, 20, 21, 100, 333, 999, 1_000]) {
    const tasks = capacityBy(template, 'Backlog', { waiting: needed, running: 0, slot: 3_600_000 }) ?? 0;
    expect(tasks).toBeGreaterThanOrEqual(needed);
    expect(tasks).toBeLessThanOrEqual(Math.ceil(needed * 1.5));
  }
});

test.each([1, 2, 20, 21, 100, 5_000])('up to %i tasks, the steps rise from one task to all', (maxTasks) => {
  const steps = capacitySteps(maxTasks);
  expect(steps[0]).toBe(1);
  expect(steps.at(-1)).toBe(maxTasks);
  expect(steps).toEqual([...new Set(steps)].sort((a, b) => a - b));
});

it('leaves out the scaling for an emulator, which rejects metric math', () => {
  process.env.AWS_ENDPOINT_URL = 'http://127.0.0.1:4566';
  try {
    expect(resources(serviceOnFargate().template()).filter(({ id }) => id.startsWith(PREFIX))).toEqual([]);
  } finally {
    delete process.env.AWS_ENDPOINT_URL;
  }
});
