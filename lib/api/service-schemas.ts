import * as z from 'zod';
import { ownQuery } from './known-names.ts';
import { SHORT, Time, TOPIC_FIELD } from './schemas.ts';

export const TopicQuery = ownQuery({
  topic: z
    .string()
    .max(SHORT)
    .optional()
    .meta({
      ...TOPIC_FIELD,
      description: 'The topic of the requests that the load is for.',
      param: { name: 'topic', in: 'query' },
    }),
});

export const Pause = z
  .object({
    until: Time,
    reason: z.string().optional().meta({ description: 'Why, in words for people.' }),
    since: Time.optional().meta({
      description: 'When an operator started it. Absent if the service paused itself.',
    }),
    by: z.string().optional().meta({
      description: 'The operator who started it, if known. Only operators see it.',
    }),
  })
  .meta({ id: 'Pause', description: 'No request starts before it ends.' });

export const ServiceStatus = z
  .object({
    accepting: z.boolean().meta({ description: 'Whether a request submitted now would be accepted.' }),
    load: z
      .object({
        backlog: z.number().optional(),
        completionsPerSecond: z.number().optional(),
        predictedWaitSeconds: z.number().optional(),
        maxWaitSeconds: z.number(),
      })
      .meta({ description: 'The figures behind the decision. Absent figures are unknown.' }),
    work: z
      .object({
        seconds: z.number().meta({ description: 'The length of the time in which the attempts ended.' }),
        attempts: z.number().meta({ description: 'Attempts whose handler ran, successfully or not.' }),
        completed: z.number().meta({ description: 'Requests that ended.' }),
        meanAttemptSeconds: z.number().meta({
          description: 'How long one took on average: in a batch, until its slowest request was done.',
        }),
      })
      .optional()
      .meta({
        description: 'The time that attempts took in about the last minute. Absent if no handler ran.',
      }),
    pause: Pause.optional(),
    oldestWaitingSince: Time.optional().meta({
      description:
        'When the oldest waiting request was sent to the queue. Absent if none waits, or the queue does not say it, as SQS.',
    }),
  })
  .meta({ id: 'ServiceStatus' });
