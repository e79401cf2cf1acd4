import { Token } from 'aws-cdk-lib';
import type { AsyncServiceProps } from '../async-service-props.ts';
import type { RequestApiProps } from '../request-api-props.ts';
import type { ServiceNumbers } from './service-numbers.ts';

/** Problems with the props of the HTTP API, except numbers out of range. */
export function apiProblems(
  { api, observability: { metrics = true } = {} }: Pick<AsyncServiceProps, 'api' | 'observability'>,
  numbers: ServiceNumbers,
): string[] {
  if (!api) return [];
  return [
    ...waitProblems(numbers),
    ...(api.auth?.problems() ?? []),
    ...originProblems(api),
    ...(api.activity && !metrics
      ? [
          'observability.metrics must not be false if api.activity is true, got false: the activity is read from the metrics',
        ]
      : []),
  ];
}

/** An accepted request must not expire before it is processed. */
function waitProblems({ maxWaitSeconds, inputRetentionSeconds }: ServiceNumbers): string[] {
  if (Token.isUnresolved(maxWaitSeconds) || Token.isUnresolved(inputRetentionSeconds)) return [];
  if (maxWaitSeconds <= inputRetentionSeconds) return [];
  return [
    `api.maxWait must be at most ${inputRetentionSeconds} seconds (queue.retention), got ${maxWaitSeconds}: ` +
      'a request could expire before it is processed',
  ];
}

function originProblems({ corsOrigins = [] }: RequestApiProps): string[] {
  return corsOrigins.flatMap((origin, index) =>
    Token.isUnresolved(origin) || isOrigin(origin)
      ? []
      : `api.corsOrigins[${index}] must be * or an origin such as https://app.example.com, got ${JSON.stringify(origin)}`,
  );
}

/** An origin as browsers send it: lower case, no trailing slash, no default port. `*` stands alone. */
function isOrigin(text: string): boolean {
  if (text === '*') return true;
  return /^https?:[^*]+$/.test(text) && URL.parse(text)?.origin === text;
}
