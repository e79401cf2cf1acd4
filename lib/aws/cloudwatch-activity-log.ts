import {
  type CloudWatchClient,
  GetMetricDataCommand,
  type MetricDataQuery,
} from '@aws-sdk/client-cloudwatch';
import { type CountName, METRIC_NAMESPACE, SERVICE_DIMENSION } from '../core/config/metric-names.ts';
import {
  ACTIVITY_BUCKET_SECONDS,
  ACTIVITY_FIGURES,
  type ActivityCount,
  type ActivityFigure,
  type ActivityLog,
  type LoggedActivity,
} from '../core/ports/activity-log.ts';

/** A service whose metrics are read. */
export interface MeasuredService {
  readonly serviceName: string;
  /** The names of its input queues. */
  readonly queueNames: readonly string[];
}

/** How long a reading is used again: a page that follows changes reads every few seconds, and CloudWatch charges each time. */
const FRESH_MILLISECONDS = 60_000;

/** The processor's metrics of how requests ended. */
const METRICS = {
  succeeded: 'Succeeded',
  failed: 'Failed',
  cancelled: 'Cancelled',
  expired: 'Expired',
} as const satisfies Record<Exclude<ActivityFigure, 'submitted'>, CountName>;

/** The processor emits it with each batch, even if it is 0. So it exists whenever the processor's metrics do. */
const ALWAYS_EMITTED = 'succeeded';

/** A metric, and what it counts. */
interface Query {
  readonly figure: ActivityFigure;
  readonly namespace: string;
  readonly metric: string;
  readonly dimension: readonly [name: string, value: string];
}

/**
 * Counts of requests by time, from CloudWatch: messages that were sent to the input queues, and outcomes that processors
 * published. They are some minutes late, and not exact. CloudWatch charges $0.01 for 1,000 metrics that are read: here one for each
 * queue and four for each service.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
 */
export class CloudWatchActivityLog implements ActivityLog {
  readonly #client: CloudWatchClient;
  readonly #queries: readonly Query[];
  readonly #now: () => number;
  /** The latest readings by their ranges: pages show different numbers of hours. */
  readonly #reads = new Map<string, { readonly at: number; readonly read: Promise<LoggedActivity> }>();

  constructor(client: CloudWatchClient, services: readonly MeasuredService[], now: () => number) {
    this.#client = client;
    this.#queries = services.flatMap(queriesOf);
    this.#now = now;
  }

  read(from: number, to: number): Promise<LoggedActivity> {
    const key = `${from}-${to}`;
    const now = this.#now();
    for (const [old, { at }] of this.#reads) if (now >= at + FRESH_MILLISECONDS) this.#reads.delete(old);
    const fresh = this.#reads.get(key);
    if (fresh) return fresh.read;
    const read = this.#read(from, to);
    this.#reads.set(key, { at: now, read });
    read.catch(() => {
      if (this.#reads.get(key)?.read === read) this.#reads.delete(key);
    });
    return read;
  }

  async #read(from: number, to: number): Promise<LoggedActivity> {
    const counts: ActivityCount[] = [];
    let next: string | undefined;
    do {
      const answer = await this.#client.send(
        new GetMetricDataCommand({
          StartTime: new Date(from),
          EndTime: new Date(to),
          MetricDataQueries: this.#queries.map(metricDataQuery),
          NextToken: next,
        }),
      );
      for (const {
        Id,
        StatusCode,
        Timestamps = [],
        Values = [],
        Messages = [],
      } of answer.MetricDataResults ?? []) {
        const query = this.#queries[Number(Id?.slice(ID_PREFIX.length))];
        if (!query) continue;
        if (StatusCode === 'InternalError' || StatusCode === 'Forbidden') {
          const reason = Messages.map(({ Value }) => Value).join('; ');
          throw new Error(
            `CloudWatch can't read the metric ${query.metric}: ${StatusCode} ${reason}`.trimEnd(),
          );
        }
        Timestamps.forEach((at, index) => {
          counts.push({ at: at.getTime(), figure: query.figure, count: Values[index] ?? 0 });
        });
      }
      next = answer.NextToken;
    } while (next !== undefined);
    return { counts, missing: missingIn(counts) };
  }
}

const ID_PREFIX = 'q';

function queriesOf({ serviceName, queueNames }: MeasuredService): Query[] {
  return [
    ...queueNames.map((name) => ({
      figure: 'submitted' as const,
      namespace: 'AWS/SQS',
      metric: 'NumberOfMessagesSent',
      dimension: ['QueueName', name] as const,
    })),
    ...ACTIVITY_FIGURES.filter((figure) => figure !== 'submitted').map((figure) => ({
      figure,
      namespace: METRIC_NAMESPACE,
      metric: METRICS[figure],
      dimension: [SERVICE_DIMENSION, serviceName] as const,
    })),
  ];
}

function metricDataQuery({ namespace, metric, dimension }: Query, index: number): MetricDataQuery {
  const [Name, Value] = dimension;
  return {
    Id: `${ID_PREFIX}${index}`,
    MetricStat: {
      Metric: { Namespace: namespace, MetricName: metric, Dimensions: [{ Name, Value }] },
      Period: ACTIVITY_BUCKET_SECONDS,
      Stat: 'Sum',
    },
  };
}

/** Without a value in hours, either no request did it, or the metrics are off or late. */
function missingIn(counts: readonly ActivityCount[]): ActivityFigure[] {
  const known = new Set(counts.map(({ figure }) => figure));
  return ACTIVITY_FIGURES.filter((figure) => !known.has(figure === 'submitted' ? figure : ALWAYS_EMITTED));
}
