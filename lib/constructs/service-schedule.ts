import { Duration, TimeZone } from 'aws-cdk-lib';
import { Schedule, ScheduleExpression, ScheduleTargetInput } from 'aws-cdk-lib/aws-scheduler';
import { SqsSendMessage } from 'aws-cdk-lib/aws-scheduler-targets';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ConfigurationError } from '../core/base/errors.ts';
import { ANYTHING, NUMBER, objectOf, recordOf, required, TEXT, VALUE } from '../core/config/shape.ts';
import { RequestRefused } from '../core/intake/errors.ts';
import { payloadBytes } from '../core/intake/payload-bytes.ts';
import { type NewSchedule, newSchedule } from '../core/intake/schedules.ts';
import { PUNCTUAL_MILLISECONDS, type Schedule as RecurringRequest } from '../core/model/schedule.ts';
import { schedulerExpression } from '../core/model/scheduler-expression.ts';
import { encodeSubmission } from '../core/wire/submission.ts';
import { assertProps } from './settings/assert-props.ts';
import { propsProblems } from './settings/cdk-shapes.ts';

/** A schedule of an `AsyncService`, see {@link AsyncService.addSchedule}. */
export interface ServiceScheduleProps
  extends Omit<NewSchedule, 'name' | 'payload' | 'contentType' | 'overlap' | 'startAt' | 'endAt'> {
  /** The payload of each request: text, bytes, or a value for JSON. */
  readonly payload: unknown;
  /** @default - `application/json` for JSON, `text/plain; charset=utf-8` for text, `application/octet-stream` for bytes */
  readonly contentType?: string;
}

/** The texts have checks of their own. */
const PROPS = objectOf<ServiceScheduleProps>({
  payload: required(VALUE),
  contentType: TEXT,
  tenant: TEXT,
  cron: TEXT,
  timeZone: TEXT,
  everyMinutes: NUMBER,
  missed: ANYTHING,
  metadata: recordOf(TEXT),
  topic: TEXT,
  priority: ANYTHING,
});

/** What a {@link ServiceSchedule} sends to. */
export interface ScheduledService {
  readonly inputQueue: IQueue;
  readonly keepsOrder: boolean;
  readonly maxJsonDepth: number;
}

/** EventBridge Scheduler replaces it by the time of the run. */
const SCHEDULED_TIME = '<aws.scheduler.scheduled-time>';

/** Stands for {@link SCHEDULED_TIME} where it would be escaped. */
const MARK = 'SCHEDULED-TIME';

/** A schedule of EventBridge Scheduler that sends a request to an input queue at each of its runs. */
export class ServiceSchedule extends Construct {
  /** @throws ConfigurationError that names what can't be so */
  constructor(scope: Construct, id: string, props: ServiceScheduleProps, service: ScheduledService) {
    super(scope, id);
    if (service.keepsOrder) {
      throw new ConfigurationError(
        `${this.node.path} needs a service without order: EventBridge Scheduler sends to no FIFO queue of it. With ` +
          'api: { schedules: true }, schedules are added by the API, in a service that keeps order too',
      );
    }
    assertProps(this.node.path, propsProblems(PROPS, props));
    const schedule = this.#scheduleOf(id, props);
    new Schedule(this, 'Schedule', {
      schedule: expressionOf(schedule),
      target: new SqsSendMessage(service.inputQueue, {
        input: ScheduleTargetInput.fromText(messageOf(schedule, service)),
        maxEventAge: schedule.missed === 'skip' ? Duration.millis(PUNCTUAL_MILLISECONDS) : undefined,
      }),
    });
  }

  #scheduleOf(name: string, { payload, contentType, ...props }: ServiceScheduleProps): RecurringRequest {
    const { bytes, ...type } = payloadBytes(payload, contentType);
    try {
      return newSchedule({ ...props, ...type, name, payload: bytes }, Date.now());
    } catch (error) {
      if (!(error instanceof RequestRefused)) throw error;
      throw new ConfigurationError(`${this.node.path} is invalid: ${error.message}`);
    }
  }
}

function expressionOf(schedule: RecurringRequest): ScheduleExpression {
  return ScheduleExpression.expression(schedulerExpression(schedule), TimeZone.of(schedule.timeZone));
}

/** The message of each run. Its request has the id of the run: one that is sent twice is one request. */
function messageOf(
  { name, tenant, payload, contentType, metadata, topic }: RecurringRequest,
  { maxJsonDepth }: ScheduledService,
): string {
  const submission = {
    id: `${name}.${MARK}`,
    source: '',
    tenant,
    topic,
    submittedAt: 0,
    contentType,
    metadata,
    payload: { bytes: Buffer.from(payload, 'base64') },
  } as const;
  return encodeSubmission(submission, { maxJsonDepth })
    .replace(MARK, SCHEDULED_TIME)
    .replace(`"time":"${new Date(0).toISOString()}"`, `"time":"${SCHEDULED_TIME}"`);
}
