import { expect, it } from 'vitest';
import type { AsyncServiceProps } from '../../lib/constructs/index.ts';
import { readApiEnvironment } from '../../lib/core/config/api-environment.ts';
import { readEnvironment } from '../../lib/core/config/processor-environment.ts';
import { ENTRY, readable, resource, resources, serviceInApp } from './service-in-app.ts';

const LIMITS = [
  { key: 'tenant', concurrency: 5, maxWaiting: 1_000 },
  { key: 'metadata.model', rate: '100/min', weight: 'metadata.tokens' },
] as const satisfies AsyncServiceProps['limits'];

/** A function's variables, by the beginning of its logical id. */
function variablesOf(template: ReturnType<ReturnType<typeof serviceInApp>['template']>, prefix: string) {
  const { Variables } = resource(template, 'AWS::Lambda::Function', prefix).properties.Environment;
  return readable(Variables) as Record<string, string>;
}

function routesOf(template: ReturnType<ReturnType<typeof serviceInApp>['template']>): string[] {
  return resources(template)
    .filter(({ type }) => type === 'AWS::ApiGatewayV2::Route')
    .map(({ properties }) => String(properties.RouteKey).replace(/ .*/, ''));
}

it('the processor and the API get the limits, and the API takes changes of them', () => {
  const corsOrigins = ['https://app.example.com'];
  const template = serviceInApp({ limits: LIMITS, api: { corsOrigins } }).template();
  expect(readEnvironment(variablesOf(template, 'ServiceProcessor')).limits).toEqual(LIMITS);
  expect(readApiEnvironment(variablesOf(template, 'ServiceApi')).limits).toEqual(LIMITS);
  expect(routesOf(template)).toEqual(['GET', 'POST', 'PUT', 'DELETE']);
  const { CorsConfiguration } = resource(template, 'AWS::ApiGatewayV2::Api').properties;
  expect(CorsConfiguration.AllowMethods).toEqual(['GET', 'POST', 'PUT', 'DELETE']);
});

it('with webhook endpoints too, the API has all methods', () => {
  const template = serviceInApp({ limits: LIMITS, api: {}, webhooks: { endpoints: true } }).template();
  expect(routesOf(template)).toEqual(['GET', 'POST', 'PATCH', 'PUT', 'DELETE']);
});

it('a processor behind the front door has limits of its own', () => {
  const { service, template } = serviceInApp({ topics: ['*'], api: {}, limits: LIMITS });
  const own = [{ key: 'all', rate: '5/s' }] as const;
  service.addProcessor('Reports', { entry: ENTRY, topics: ['reports.*'], limits: own });
  expect(readEnvironment(variablesOf(template(), 'ServiceReportsProcessor')).limits).toEqual(own);
  expect(readApiEnvironment(variablesOf(template(), 'ServiceApi')).limits).toEqual(LIMITS);
});

it.each<[Partial<AsyncServiceProps>, string]>([
  [
    { limits: [{ key: 'tenant', concurrency: 0 }] },
    'limits[0].concurrency must be a whole number from 1 to 1000000000, got 0',
  ],
  [
    { limits: [{ key: 'all' }, { key: 'topic', rate: '0.5/s' }] },
    'limits[1].rate must be a whole number from 1 per s, min, h, such as 100/min, got "0.5/s"',
  ],
  [
    { limits: [{ key: 'topic' }, { key: 'topic', concurrency: 1 }] },
    'limits must have one limit of each key, got two of topic',
  ],
  [
    { limits: [{ key: 'tenant', maxWaiting: 5 }] },
    'limits[0].maxWaiting must be left out, got 5: it refuses requests when too many wait, and only an API counts them, and the service has none: set api.',
  ],
])('%j is refused when the app is synthesized', (props, problem) => {
  expect(() => serviceInApp(props)).toThrow(problem);
});
