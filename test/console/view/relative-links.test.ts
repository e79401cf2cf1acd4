import { html } from 'hono/html';
import { expect, test } from 'vitest';
import { rootFrom, withRelativeLinks } from '../../../lib/console/view/relative-links.ts';

test.each([
  ['/', './'],
  ['/requests', './'],
  ['/requests/a', '../'],
  ['/requests/', '../'],
  ['/requests/a%2Fb/result', '../../'],
])('from %s, the root of the console is %s, below any path', (path, root) => {
  expect(rootFrom(path)).toBe(root);
  for (const base of ['', '/console', '/stage/console']) {
    const found = new URL(root, `https://example.com${base}${path}`);
    expect(found.pathname).toBe(`${base}/`);
  }
});

test('links of pages become relative, and texts stay as they are', async () => {
  const hostile = '" href="/limits';
  const page =
    await html`<a href="/requests?a=/b" title="${hostile}">${hostile} href='/'</a><a href="#main"></a>`;
  expect(withRelativeLinks(String(page), '/failures/a')).toBe(
    `<a href="../requests?a=/b" title="&quot; href=&quot;/limits">&quot; href=&quot;/limits href='/'</a><a href="#main"></a>`,
  );
});
