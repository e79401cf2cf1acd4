import { Token } from 'aws-cdk-lib';
import type { RequestApiProps } from '../request-api-props.ts';
import type { ServiceNumbers } from './service-numbers.ts';

/** What is wrong with the props of an HTTP API, besides numbers out of range. */
export function apiProblems(api: RequestApiProps | undefined, numbers: ServiceNumbers): string[] {
  if (!api) return [];
  return [...waitProblems(numbers), ...(api.auth?.problems() ?? []), ...originProblems(api)];
}

/** A request let in must not expire before its turn comes: it would be lost unseen. */
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
      : `api.corsOrigins[${index}] must be * or an origin as https://app.example.com, got ${JSON.stringify(origin)}`,
  );
}

/** As a browser writes it: lower case, no slash at the end, no port that goes without saying. The star is all or none. */
function isOrigin(text: string): boolean {
  if (text === '*') return true;
  return /^https?:[^*]+$/.test(text) && URL.parse(text)?.origin === text;
}
