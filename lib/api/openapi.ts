import type { OpenAPIHono, z } from '@hono/zod-openapi';
import type { ApiAuthName } from '../core/config/settings.ts';
import type { ApiEnv } from './context.ts';
import { Problem, Request } from './schemas.ts';

/** A request, as a response's content. */
export const REQUEST_ANSWER = { content: { 'application/json': { schema: Request } } } as const;

/** A JSON body, which must be there. */
export function jsonBody<Schema extends z.ZodType>(schema: Schema) {
  return { required: true, content: { 'application/json': { schema } } } as const;
}

const PROBLEM_STATUSES = {
  400: 'The call is malformed.',
  401: 'The caller isn’t authenticated.',
  403: 'The caller may not do this.',
  404: 'There is no such thing, to this caller at least.',
  409: 'As things stand it can’t be done.',
  410: 'It is over: expired, or not kept any longer.',
  413: 'The payload is too large.',
  415: 'The content type can’t be used.',
  422: 'What is asked for makes sense and can’t be had: a key that stands for another request, a callback URL.',
  429: 'The caller’s requests are most of those that wait.',
  500: 'The service failed to answer.',
  503: 'More requests wait than can be done in time.',
} as const;

type ProblemStatus = keyof typeof PROBLEM_STATUSES;

/** Responses that tell problems, by status. */
export function problems<Status extends ProblemStatus>(...statuses: readonly Status[]) {
  const content = { 'application/problem+json': { schema: Problem } };
  const responses = statuses.map((status) => [status, { description: PROBLEM_STATUSES[status], content }]);
  return Object.fromEntries(responses) as Record<Status, { description: string; content: typeof content }>;
}

const SECURITY_SCHEMES = {
  iam: {
    type: 'apiKey',
    in: 'header',
    name: 'Authorization',
    description: 'An AWS Signature Version 4 for the service execute-api.',
  },
  jwt: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
} as const;

/** Adds the description of the API, made of its routes. */
export function describeApi(app: OpenAPIHono<ApiEnv>, auth: ApiAuthName): void {
  if (auth !== 'none') {
    app.openAPIRegistry.registerComponent('securitySchemes', auth, SECURITY_SCHEMES[auth]);
  }
  app.doc31('/v1/openapi.json', {
    openapi: '3.1.0',
    info: {
      title: 'Coatcheck',
      version: '1',
      description: 'Hand in a payload, get a ticket, collect the result.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    servers: [{ url: '..', description: 'The base URL this description is below.' }],
    security: auth === 'none' ? [] : [{ [auth]: [] }],
  });
}
