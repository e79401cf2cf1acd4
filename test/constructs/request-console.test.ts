import { describe, expect, it } from 'vitest';
import { ApiAuth, type RequestApiProps } from '../../lib/constructs/index.ts';
import { readConsoleEnvironment } from '../../lib/core/config/console-environment.ts';
import { readable, resource, resources, serviceInApp } from './service-in-app.ts';

const auth = ApiAuth.jwt({
  issuer: 'https://issuer.example.com',
  audience: 'jobs',
  operators: { claim: 'cognito:groups', value: 'coatcheck-operators' },
});

function templateOf(api: RequestApiProps) {
  return serviceInApp({ api, serviceName: 'reports' }).template();
}

describe('the console of an API', () => {
  const template = templateOf({ auth, console: { clientId: 'console' } });

  it('has a function whose role allows only logs', () => {
    const { properties } = resource(template, 'AWS::Lambda::Function', 'ServiceApiConsole');
    expect(properties).toMatchObject({ Runtime: 'nodejs24.x', MemorySize: 512, Timeout: 29 });
    expect(properties.VpcConfig).toBeUndefined();
    const { id } = resource(template, 'AWS::Logs::LogGroup', 'ServiceApiConsole');
    const policy = resource(template, 'AWS::IAM::Policy', 'ServiceApiConsole');
    expect(readable(policy.properties.PolicyDocument.Statement)).toEqual([
      { Effect: 'Allow', Action: ['logs:CreateLogStream', 'logs:PutLogEvents'], Resource: `<${id}.Arn>` },
    ]);
    expect(Object.keys(resource(template, 'AWS::IAM::Role', 'ServiceApiConsole').properties)).toEqual([
      'AssumeRolePolicyDocument',
    ]);
  });

  it('has routes without an authorizer; those of the API keep theirs', () => {
    const routes = resources(template).filter(({ type }) => type === 'AWS::ApiGatewayV2::Route');
    expect(routes.map(({ properties }) => [properties.RouteKey, properties.AuthorizationType])).toEqual([
      ['GET /v1/{proxy+}', 'JWT'],
      ['POST /v1/{proxy+}', 'JWT'],
      ['PUT /v1/{proxy+}', 'JWT'],
      ['DELETE /v1/{proxy+}', 'JWT'],
      ['GET /console', 'NONE'],
      ['GET /console/{proxy+}', 'NONE'],
      ['POST /console/{proxy+}', 'NONE'],
    ]);
  });

  it('is read-only, and calls the API at its URL', () => {
    const { id } = resource(template, 'AWS::ApiGatewayV2::Api');
    const { properties } = resource(template, 'AWS::Lambda::Function', 'ServiceApiConsole');
    const variables = readable(properties.Environment.Variables);
    expect(readConsoleEnvironment(Object(variables))).toEqual({
      serviceName: 'reports',
      apiUrl: `<${id}.ApiEndpoint>`,
      issuer: 'https://issuer.example.com',
      clientId: 'console',
      scopes: [],
      parameters: {},
      operatorClaim: 'cognito:groups',
      operatorValue: 'coatcheck-operators',
      allowActions: false,
    });
  });

  it('has the values of its props', () => {
    const console = {
      clientId: 'a',
      scopes: ['jobs/read'],
      parameters: { audience: 'https://jobs.example.com?a=b' },
      url: 'https://example.com/jobs',
      allowActions: true,
    };
    const { properties } = resource(
      templateOf({ auth, console }),
      'AWS::Lambda::Function',
      'ServiceApiConsole',
    );
    const { url: apiUrl, ...rest } = console;
    expect(readConsoleEnvironment(properties.Environment.Variables)).toMatchObject({ apiUrl, ...rest });
  });
});

it('there is nothing of a console without the prop', () => {
  const ids = (api: RequestApiProps) => resources(templateOf(api)).map(({ id }) => id);
  expect(ids({ auth }).filter((id) => id.includes('Console'))).toEqual([]);
});

describe('a console is refused', () => {
  it.each([
    [ApiAuth.iam(), 'ApiAuth.iam()'],
    [undefined, 'ApiAuth.iam()'],
    [ApiAuth.none({ openToAnyone: true }), 'ApiAuth.none()'],
    [ApiAuth.jwt({ issuer: 'https://issuer.example.com', audience: 'jobs' }), 'ApiAuth.jwt()'],
  ])('where operators can’t sign in: %o', (other, got) => {
    expect(() => templateOf({ auth: other, console: { clientId: 'a' } })).toThrow(
      `api.console must be left out unless api.auth is ApiAuth.jwt() with operators, got ${got}: operators sign in to it by tokens. Without it, npx coatcheck console --stack NAME serves`,
    );
  });

  it.each([
    [{ clientId: '' }, 'texts without spaces, got ""'],
    [{ clientId: 'a', scopes: ['b c'] }, 'texts without spaces, got "b c"'],
    [{ clientId: 'a', parameters: { audience: 'b c' } }, 'texts without spaces, got "b c"'],
    [{ clientId: 'a', url: 'http://example.com' }, 'api.console.url must be an https URL'],
    [{ clientId: 'a', url: 'https://example.com/' }, 'api.console.url must be an https URL'],
  ])('with props that can’t be used: %j', (console, problem) => {
    expect(() => templateOf({ auth, console })).toThrow(problem);
  });
});
