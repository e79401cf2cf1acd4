import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEFAULT_CALLBACK_PORTS } from '../../../lib/core/config/settings.ts';
import { type CallbackRules, callbackUrlProblem } from '../../../lib/core/model/callback-url.ts';

const PUBLIC: CallbackRules = { callbacks: 'public', callbackPorts: DEFAULT_CALLBACK_PORTS };
const LOCAL: CallbackRules = { callbacks: 'local', callbackPorts: [] };
const OFF: CallbackRules = { callbacks: 'off', callbackPorts: DEFAULT_CALLBACK_PORTS };

describe('public', () => {
  test.each([
    'https://example.com',
    'https://example.com/',
    'https://example.com?done=1',
    'https://example.com/hooks/a%20b?token=x%23y&u=a@b',
    'https://example.com:443/hook',
    'https://example.com:8443/hook',
    'HTTPS://Example.COM/hook',
    'https://xn--bcher-kva.example/hook',
    'https://1.example.com/',
  ])('%s may be tried', (url) => {
    expect(callbackUrlProblem(url, PUBLIC)).toBeUndefined();
  });

  test.each([
    ['http://example.com/', 'must be https'],
    ['ftp://example.com/', 'must be https'],
    ['file:///etc/passwd', 'must be https'],
    ['example.com/hook', 'must be absolute'],
    ['//example.com/hook', 'must be absolute'],
    ['', 'must be absolute'],
    ['https://', 'must be absolute'],
    ['https://user@example.com/', 'no user name or password'],
    ['https://user:secret@example.com/', 'no user name or password'],
    ['https://:secret@example.com/', 'no user name or password'],
    ['https://example.com@evil.example/', 'no user name or password'],
    ['https://@example.com/', 'name its host plainly'],
    ['https://example.com/#x', 'no fragment'],
    ['https://example.com/#', 'no fragment'],
    ['https://example.com#@evil.example/', 'no fragment'],
    ['https://example.com:80/', 'port must be one of 443, 8443, got'],
    ['https://example.com:22/', 'port must be one of 443, 8443, got'],
    ['https://example.com.:443/', 'must not end with a dot'],
    ['https://localhost./', 'must not end with a dot'],
    ['https://localhost/', 'must be a full name'],
    ['https://intranet:8443/', 'must be a full name'],
    ['https://;.example.com/', 'must be a full name'],
    ['https://.example.com/', 'must be a full name'],
    ['https://127.0.0.1/', 'a name, not an address'],
    ['https://8.8.8.8/', 'a name, not an address'],
    ['https://[::1]/', 'a name, not an address'],
    ['https://[2606:4700::1111]/', 'a name, not an address'],
    ['https://[::ffff:127.0.0.1]/', 'name its host plainly'],
    ['https://[64:ff9b::7f00:1]/', 'a name, not an address'],
    ['https://0x7f.1/', 'name its host plainly'],
    ['https://0x7f000001/', 'name its host plainly'],
    ['https://0177.0.0.1/', 'name its host plainly'],
    ['https://2130706433/', 'name its host plainly'],
    ['https://127.1/', 'name its host plainly'],
    ['https://0/', 'name its host plainly'],
    ['https://①②⑦.⓪.⓪.①/', 'name its host plainly'],
    ['https://１２７.0.0.1/', 'name its host plainly'],
    ['https://127。0。0。1/', 'name its host plainly'],
    ['https://ⓔxample.com/', 'name its host plainly'],
    ['https://bücher.example/', 'name its host plainly'],
    ['https://exam\u00adple.com/', 'name its host plainly'],
    ['https://%65xample.com/', 'name its host plainly'],
    ['https://127.0.0.1%2f.example.com/', 'must be absolute'],
    ['https:\\\\example.com\\hook', 'name its host plainly'],
    ['https://example.com\\@evil.example/', 'name its host plainly'],
    ['https:example.com', 'name its host plainly'],
    ['https:///example.com/', 'name its host plainly'],
    [' https://example.com/', 'name its host plainly'],
    ['https://exam\nple.com/', 'name its host plainly'],
    ['https://example.com:0443/', 'name its host plainly'],
    ['https://example.com:/', 'name its host plainly'],
    [`https://example.com/${'a'.repeat(2_029)}`, 'at most 2048 characters, got 2049'],
  ])('%j is refused', (url, problem) => {
    expect(callbackUrlProblem(url, PUBLIC)).toContain(problem);
  });
});

test.each([
  ['http://example.com/hooks/s3cret', 'http://example.com'],
  ['https://example.com:22?token=s3cret', 'https://example.com:22'],
  ['https://intranet#s3cret', 'https://intranet'],
  ['https://user:s3cret@example.com/', 'https://…@example.com'],
  ['https://user:s3cret@s3cret@example.com/', 'https://…@example.com'],
  ['https:\\\\user:s3cret@example.com\\hook', 'https:\\\\…@example.com'],
  ['https:user:s3cret@example.com', '…@example.com'],
  ['example.com/hook?token=s3cret', 'example.com/hook'],
  ['//user:s3cret@example.com/hook', '//…@example.com'],
  ['https://0x7f.1/s3cret', 'https://0x7f.1'],
])('the problem with %j quotes no secret', (url, quoted) => {
  expect(callbackUrlProblem(url, PUBLIC)).toMatch(/, got "[^"]*"$/);
  expect(callbackUrlProblem(url, PUBLIC)).toContain(`, got ${JSON.stringify(quoted)}`);
});

describe('local', () => {
  test.each([
    'http://127.0.0.1:49152/hook',
    'http://localhost:8080',
    'http://[::1]:9/',
    'https://example.com:1/',
  ])('%s may be tried', (url) => {
    expect(callbackUrlProblem(url, LOCAL)).toBeUndefined();
  });

  test.each(['ftp://localhost/', 'http://u@localhost/', 'http://0x7f.1/', 'http://localhost/#x'])(
    '%s is refused all the same',
    (url) => {
      expect(callbackUrlProblem(url, LOCAL)).toBeDefined();
    },
  );
});

test('off: refused, whatever it is', () => {
  expect(callbackUrlProblem('https://example.com/', OFF)).toContain('webhooks are off');
});

test('of any text: it never throws, and one that passes leads to the host that is written there', () => {
  const hosts = fc.oneof(
    fc.domain(),
    fc.ipV4Extended(),
    fc.ipV6().map((host) => `[${host}]`),
    fc.string({ unit: 'grapheme', maxLength: 20 }),
  );
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc
      .tuple(fc.constantFrom('', 'u@', 'u:p@'), hosts, fc.constantFrom('', ':443', ':22', '.'), fc.webPath())
      .map(([user, host, port, path]) => `https://${user}${host}${port}${path}`),
  );
  fc.assert(
    fc.property(texts, (text) => {
      if (callbackUrlProblem(text, PUBLIC) !== undefined) return;
      const written = /^https:\/\/((?:[a-z0-9_-]+\.)+[a-z0-9_-]+)(?::443|:8443)?(?:[/?]|$)/i.exec(text);
      expect(written?.[1]?.toLowerCase()).toBe(new URL(text).hostname);
    }),
    { numRuns: 1_000 },
  );
});
