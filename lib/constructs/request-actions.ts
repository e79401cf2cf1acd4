import { RemovalPolicy } from 'aws-cdk-lib';
import type { IFunction, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { ScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ActionFunction, type ActionFunctionProps } from './functions/action-function.ts';
import type { ActionRole } from './functions/action-role.ts';
import { ScheduleRole } from './functions/schedule-role.ts';

/** Configures {@link RequestActions}. */
export type RequestActionsProps = Omit<ActionFunctionProps, 'scheduleGroup'>;

/** What actions on many requests need: the function that does their steps, and the group of their timers. */
export class RequestActions extends Construct {
  /** The group of the timers in EventBridge Scheduler, one for each action that runs. */
  readonly scheduleGroup: ScheduleGroup;
  /** The role with which EventBridge Scheduler invokes the function. */
  readonly role: ScheduleRole;
  readonly function: LambdaFunction;
  /** The role of the function. */
  readonly functionRole: ActionRole;
  /** The queue of the service's dead letters. */
  readonly deadLetterQueue: IQueue;
  /** The processor's function, or its alias, which rehearses dead letters; undefined if it isn't on Lambda. */
  readonly rehearsalFunction: IFunction | undefined;

  constructor(scope: Construct, id: string, props: RequestActionsProps) {
    super(scope, id);
    this.deadLetterQueue = props.deadLetterQueue;
    this.rehearsalFunction = props.rehearsalFunction;
    this.scheduleGroup = new ScheduleGroup(this, 'Group', { removalPolicy: RemovalPolicy.DESTROY });
    const { function: handler, role } = new ActionFunction(this, 'Function', {
      ...props,
      scheduleGroup: this.scheduleGroup,
    });
    this.function = handler;
    this.functionRole = role;
    this.role = new ScheduleRole(this, 'Role', this.scheduleGroup);
    this.role.allowInvoke(handler);
  }
}
