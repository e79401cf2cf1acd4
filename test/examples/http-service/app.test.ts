import { describe, expect, it } from 'vitest';
import app from '../../../examples/http-service/app.ts';

const post = (body: string | Buffer<ArrayBuffer>, headers: Record<string, string> = {}) =>
  app.request('/', { method: 'POST', body, headers });

describe('the service by itself', () => {
  it('answers a text with its statistics', async () => {
    const response = await post('To be, or not to be.');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain('application/json');
    expect(await response.json()).toMatchObject({ words: 6, distinctWords: 4, sentences: 1 });
  });

  it.each([
    ['what is not a text', '{}', { 'content-type': 'application/json' }, 415],
    ['bytes that are not UTF-8', Buffer.from([0xff]), { 'content-type': 'text/plain' }, 400],
    ['a text that is too long', 'x'.repeat(1_048_577), { 'content-length': '1048577' }, 413],
  ])('refuses %s', async (_, body, headers, status) => {
    const response = await post(body, headers);
    expect(response.status).toBe(status);
    expect(await response.json()).toHaveProperty('error');
  });

  it('says what it does', async () => {
    expect(await (await app.request('/')).text()).toContain('POST a text');
  });
});
