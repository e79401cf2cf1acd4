import { Duration, Stack } from 'aws-cdk-lib';
import {
  AdjustmentType,
  MetricAggregationType,
  ScalableTarget,
  ServiceNamespace,
  StepScalingAction,
} from 'aws-cdk-lib/aws-applicationautoscaling';
import {
  Alarm,
  type AlarmProps,
  ComparisonOperator,
  type IMetric,
  MathExpression,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { ApplicationScalingAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { FargateService } from 'aws-cdk-lib/aws-ecs';
import { Role } from 'aws-cdk-lib/aws-iam';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { serviceMetric } from '../observability/service-metrics.ts';
import type { FargateSettings } from '../settings/fargate-settings.ts';

/** Configures a {@link TaskScaling}. */
export interface TaskScalingProps {
  readonly service: FargateService;
  readonly inputQueue: IQueue;
  readonly serviceName: string;
  readonly fargate: FargateSettings;
}

type ScalingAlarmProps = Pick<AlarmProps, 'metric' | 'threshold' | 'alarmDescription'> & Partial<AlarmProps>;

const MINUTE = Duration.minutes(1);

/** How long the queue must be empty before the service scales in to its minimum. */
const IDLE_MINUTES = 10;

/** About as long as a task needs to start and to show in the metrics. */
const COOLDOWN = Duration.minutes(5);

/**
 * Most steps of a scaling policy.
 * @see https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-quotas.html
 */
const MAX_STEPS = 20;

/**
 * Decides how many tasks there are, by three alarms that set an exact number:
 * - Messages wait, and none is in work: one task. This starts the first one.
 * - Messages are in work: as many tasks as finish the backlog within the target wait.
 * - No messages for some minutes: the minimum.
 *
 * Target tracking can't start from zero, since there is no backlog of a task without tasks.
 */
export class TaskScaling extends Construct {
  readonly #target: ScalableTarget;

  constructor(scope: Construct, id: string, props: TaskScalingProps) {
    super(scope, id);
    const { service, fargate } = props;
    const { minTasks, maxTasks } = fargate;
    this.#target = new ScalableTarget(this, 'Target', {
      serviceNamespace: ServiceNamespace.ECS,
      resourceId: `service/${service.cluster.clusterName}/${service.serviceName}`,
      scalableDimension: 'ecs:service:DesiredCount',
      minCapacity: minTasks,
      maxCapacity: maxTasks,
      role: Role.fromRoleArn(this, 'Role', serviceLinkedRole(this)),
    });
    if (minTasks === 0) this.#startFirst(props);
    this.#followBacklog(props);
    this.#endIdle(props);
  }

  #startFirst({ inputQueue, serviceName }: TaskScalingProps): void {
    const metric = new MathExpression({
      expression: 'IF(waiting > 0 AND FILL(running, 0) == 0, 1, 0)',
      usingMetrics: messagesOf(inputQueue),
      label: 'Messages wait and none is in work',
      period: MINUTE,
    });
    const action = this.#action('StartFirst');
    action.addAdjustment({ adjustment: 1, lowerBound: 0 });
    this.#alarm('NoneInWork', action, {
      metric,
      threshold: 1,
      alarmDescription: `Starts the first task of ${serviceName}. Not a problem.`,
    });
  }

  #followBacklog({ inputQueue, serviceName, fargate }: TaskScalingProps): void {
    const { concurrency, targetWaitSeconds, maxTasks } = fargate;
    const work = '(waiting + FILL(running, 0))';
    const slots = `IF(slot < ${targetWaitSeconds * 1000}, ${work} * slot / ${targetWaitSeconds * 1000}, ${work})`;
    const metric = new MathExpression({
      expression: `CEIL(${slots} / ${concurrency})`,
      usingMetrics: {
        ...messagesOf(inputQueue),
        slot: serviceMetric(serviceName, 'SlotTime', { period: MINUTE }),
      },
      label: 'Tasks needed',
      period: MINUTE,
    });
    // Between 0 and 1, so that the whole numbers of tasks lie between the bounds of the steps.
    const threshold = 0.5;
    const action = this.#action('FollowBacklog');
    const capacities = capacitySteps(maxTasks);
    for (const [index, adjustment] of capacities.entries()) {
      const isLast = index === capacities.length - 1;
      action.addAdjustment({
        adjustment,
        lowerBound: capacities[index - 1] ?? 0,
        ...(!isLast && { upperBound: adjustment }),
      });
    }
    this.#alarm('Backlog', action, {
      metric,
      threshold,
      alarmDescription: `Adapts the number of tasks of ${serviceName} to its backlog. Not a problem.`,
    });
  }

  #endIdle({ inputQueue, serviceName, fargate }: TaskScalingProps): void {
    const metric = new MathExpression({
      expression: 'waiting + FILL(running, 0)',
      usingMetrics: messagesOf(inputQueue),
      label: 'Messages',
      period: MINUTE,
    });
    const action = this.#action('EndIdle');
    action.addAdjustment({ adjustment: fargate.minTasks, upperBound: 0 });
    this.#alarm('Empty', action, {
      metric,
      threshold: 0,
      comparisonOperator: ComparisonOperator.LESS_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: IDLE_MINUTES,
      alarmDescription: `Ends the tasks of ${serviceName} when its queue is empty. Not a problem.`,
    });
  }

  #action(id: string): StepScalingAction {
    return new StepScalingAction(this, id, {
      scalingTarget: this.#target,
      adjustmentType: AdjustmentType.EXACT_CAPACITY,
      cooldown: COOLDOWN,
      metricAggregationType: MetricAggregationType.MAXIMUM,
    });
  }

  #alarm(id: string, action: StepScalingAction, props: ScalingAlarmProps): void {
    const alarm = new Alarm(this, id, {
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
      ...props,
    });
    alarm.addAlarmAction(new ApplicationScalingAction(action));
  }
}

/**
 * The numbers of tasks that the backlog chooses from: each one, or about as many of them as a policy has steps, evenly
 * spread in proportion.
 */
export function capacitySteps(maxTasks: number): number[] {
  if (maxTasks <= MAX_STEPS) return Array.from({ length: maxTasks }, (_, index) => index + 1);
  const steps = Array.from({ length: MAX_STEPS }, (_, index) =>
    Math.round(maxTasks ** (index / (MAX_STEPS - 1))),
  );
  return [...new Set(steps)];
}

/** Messages of a queue; SQS may leave out a number that is 0. */
function messagesOf(queue: IQueue): Record<string, IMetric> {
  const maximum = { statistic: Stats.MAXIMUM, period: MINUTE };
  return {
    waiting: queue.metricApproximateNumberOfMessagesVisible(maximum),
    running: queue.metricApproximateNumberOfMessagesNotVisible(maximum),
  };
}

/** @see https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-service-linked-roles.html */
function serviceLinkedRole(scope: Construct): string {
  return Stack.of(scope).formatArn({
    service: 'iam',
    region: '',
    resource: 'role/aws-service-role/ecs.application-autoscaling.amazonaws.com',
    resourceName: 'AWSServiceRoleForApplicationAutoScaling_ECSService',
  });
}
