import { html } from 'hono/html';
import { expect, test } from 'vitest';
import { relativePath, withRelativeLinks } from '../../../lib/console/view/relative-links.ts';

test.each([
  ['/', './limits'],
  ['/requests', './limits'],
  ['/requests/a', '../limits'],
  ['/requests/', '../limits'],
  ['/requests/a%2Fb/result', '../../limits'],
])('from %s, another page is %s, below any path', (path, relative) => {
  expect(relativePath(path, '/limits')).toBe(relative);
  for (const base of ['', '/console', '/stage/console']) {
    const { pathname } = new URL(relative, `https://example.com${base}${path}`);
    expect(pathname).toBe(`${base}/limits`);
  }
});

test('the first page is reached by a path without a slash at its end', () => {
  expect(relativePath('/requests/a', '/')).toBe('../now');
  expect(relativePath('/', '/?a=b')).toBe('./now?a=b');
});

test('links of pages become relative, and texts stay as they are', async () => {
  const hostile = '" href="/limits';
  const page =
    await html`<a href="/requests?a=/b" title="${hostile}">${hostile} href='/'</a><a href="#main"></a>`;
  expect(withRelativeLinks(String(page), '/failures/a')).toBe(
    `<a href="../requests?a=/b" title="&quot; href=&quot;/limits">&quot; href=&quot;/limits href='/'</a><a href="#main"></a>`,
  );
});
