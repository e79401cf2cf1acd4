import { describe, expect, test } from 'vitest';
import { ProblemError } from '../../lib/api/problem.ts';
import { problemIn } from '../support/api-answers.ts';
import { ApiHarness } from '../support/api-harness.ts';

describe('an unknown path', () => {
  test.each([
    '/',
    '/v1',
    '/v2/requests',
    '/v1/requests/',
    '/v1/requests//result',
    '/v1/requests/a/b',
    '/v1/requests/a/result/',
    '/V1/requests',
    '/v1/requests/a%2Fresult/b',
    `/${'x'.repeat(8_000)}`,
    '/v1/uploads/a',
    '/%E0%A4%A',
  ])('%.40s is unknown for every method', async (path) => {
    const api = new ApiHarness();
    for (const method of ['GET', 'POST', 'DELETE']) {
      expect((await problemIn(await api.call(method, path), 404)).code).toBe('path_unknown');
    }
  });
});

describe('an unsupported method', () => {
  test.each([
    ['PUT', '/v1/requests', ['GET', 'HEAD', 'POST']],
    ['DELETE', '/v1/requests/a', ['GET', 'HEAD']],
    ['GET', '/v1/requests/a/cancel', ['POST']],
    ['POST', '/v1/requests/a/result', ['GET', 'HEAD']],
    ['GET', '/v1/uploads', ['POST']],
    ['PATCH', '/v1/uploads/a/complete', ['POST']],
    ['POST', '/v1/status', ['GET', 'HEAD']],
    ['OPTIONS', '/v1/openapi.json', ['GET', 'HEAD']],
  ])('%s %s is refused, and the answer lists the allowed methods', async (method, path, allowed) => {
    const response = await new ApiHarness().call(method, path);
    expect(response.headers.get('allow')?.split(', ').toSorted()).toEqual(allowed);
    const { code, detail } = await problemIn(response, 405);
    expect(code).toBe('method_not_allowed');
    expect(detail).toContain(`got ${method}`);
  });

  test('does not matter for an unknown request', async () => {
    expect((await problemIn(await new ApiHarness().call('POST', '/v1/requests/a/cancel'), 404)).code).toBe(
      'request_unknown',
    );
  });
});

test('HEAD answers like GET, without the body', async () => {
  const api = new ApiHarness();
  const { headers } = await api.call('POST', '/v1/requests', { body: 'hello' });
  const path = `/v1/${headers.get('location')}`;
  const [head, get] = [await api.call('HEAD', path), await api.call('GET', path)];
  expect(head.status).toBe(200);
  expect(await head.text()).toBe('');
  expect(head.headers.get('etag')).toBe(get.headers.get('etag'));
});

describe('a caller', () => {
  test('that is not authenticated learns nothing about existing resources', async () => {
    const callerOf = () => {
      throw new ProblemError({
        status: 401,
        code: 'caller_unknown',
        detail: 'Who are you?',
        headers: { 'WWW-Authenticate': 'Bearer' },
      });
    };
    const api = new ApiHarness(undefined, { callerOf });
    for (const path of ['/v1/requests', '/v1/requests/a', '/v1/status', '/v1/openapi.json', '/nothing']) {
      const response = await api.call('GET', path);
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
      expect((await problemIn(response, 401)).code).toBe('caller_unknown');
    }
    const body = 'hello';
    await problemIn(await api.call('POST', '/v1/requests', { body }), 401);
    expect(api.queue.sent).toEqual([]);
  });

  test('has the authenticated tenant, whatever the request claims', async () => {
    const api = new ApiHarness(undefined, { callerOf: () => ({ tenant: 'acme', isOperator: false }) });
    await api.call('POST', '/v1/requests', {
      body: 'hello',
      tenant: 'other',
      headers: { tenant: 'other' },
    });
    expect(api.harness.records.all()).toMatchObject([{ record: { request: { tenant: 'acme' } } }]);
  });
});

describe('a failure', () => {
  test('is logged, and the answer does not reveal it', async () => {
    const api = new ApiHarness();
    api.harness.records.faults.inject('read', 'fails before');
    const problem = await problemIn(await api.call('GET', '/v1/requests/a'), 500);
    expect(problem.code).toBe('internal_error');
    expect(JSON.stringify(problem)).not.toMatch(/read|InjectedFault/);
    expect(api.harness.logger.lines).toMatchObject([
      {
        level: 'error',
        fields: {
          path: '/v1/requests/a',
          error: { name: 'InjectedFault', message: 'read failed before it had an effect' },
        },
      },
    ]);
  });

  test('that the client did not cause has no code of the core', async () => {
    const api = new ApiHarness();
    api.queue.send = () => Promise.reject(Object.assign(new Error('x'), { code: 'payload_empty' }));
    const problem = await problemIn(await api.call('POST', '/v1/requests', { body: 'hello' }), 500);
    expect(problem.code).toBe('internal_error');
  });

  test('that the client caused is not logged as an error', async () => {
    const api = new ApiHarness();
    await problemIn(await api.call('GET', '/v1/requests/a'), 404);
    await problemIn(await api.call('GET', '/v1/requests?limit=0'), 400);
    expect(api.harness.logger.lines).toEqual([]);
  });
});

test('a malformed body gets the paths of its issues, ten at most', async () => {
  const json = { uploadName: 5, numbers: Array.from({ length: 50 }, () => 'x'), more: true };
  const { detail, issues } = await problemIn(
    await new ApiHarness().call('POST', '/v1/uploads/a/parts', { json }),
    400,
  );
  expect(detail).toBe('uploadName: Invalid input: expected string, got 5');
  expect(issues).toHaveLength(10);
  expect(issues).toContainEqual({
    path: 'numbers.0',
    message: 'Invalid input: expected number, got "x"',
  });
});
