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
    ...consoleProblems(api),
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

/** A console needs operators that can sign in. */
function consoleProblems({ console, auth }: RequestApiProps): string[] {
  if (!console) return [];
  const { clientId, scopes = [], parameters = {}, url } = console;
  const isText = (text: string) => Token.isUnresolved(text) || /^\S+$/.test(text);
  const texts = [clientId, ...scopes, ...Object.entries(parameters).flat()];
  return [
    ...(auth?.issuer !== undefined && auth.operators
      ? []
      : [
          `api.console must be left out unless api.auth is ApiAuth.jwt() with operators, got ApiAuth.${auth?.name ?? 'iam'}(): ` +
            'operators sign in to it by tokens. Without it, npx coatcheck console --stack NAME serves a console on your machine',
        ]),
    ...texts
      .filter((text) => !isText(text))
      .map(
        (text) =>
          `api.console.clientId, scopes and parameters must be texts without spaces, got ${JSON.stringify(text)}`,
      ),
    ...(url === undefined || Token.isUnresolved(url) || isBaseUrl(url)
      ? []
      : [
          `api.console.url must be an https URL without a query and a slash at its end, got ${JSON.stringify(url)}`,
        ]),
  ];
}

function isBaseUrl(text: string): boolean {
  const url = URL.parse(text);
  return url?.protocol === 'https:' && url.search === '' && url.hash === '' && !text.endsWith('/');
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
