import { html } from 'hono/html';
import type { Content, Html } from './html.ts';

/** The pages in the navigation. */
const PAGES = [
  ['/', 'Now'],
  ['/requests', 'Requests'],
  ['/failures', 'Failures'],
  ['/limits', 'Tenants and limits'],
  ['/webhooks', 'Webhooks'],
  ['/schedules', 'Schedules'],
  ['/batches', 'Batches'],
  ['/operations', 'Operations log'],
  ['/service', 'Service'],
] as const;

/** A whole document. */
export interface Layout {
  readonly title: string;
  readonly main: Content;
  /** Path of the page. */
  readonly path: string;
  /** Path and query of the page. */
  readonly url: string;
  readonly live: boolean;
  readonly mayAct: boolean;
  /** Path of the form that ends the session, if there is one. */
  readonly signOut: string | undefined;
  readonly service: string;
  /** About who sees the console. */
  readonly notice: string | undefined;
  readonly assets: Readonly<Record<'style' | 'script' | 'icon', string>>;
}

/** A document without navigation, for callers that may not see pages. */
export function bareLayoutOf(title: string, main: Content, assets: Layout['assets']): Html {
  return html`<!DOCTYPE html>
<html lang="en">
<head>${headOf(title, assets)}</head>
<body><header><span class="brand"><img src="${assets.icon}" alt="" width="20" height="20">Coatcheck</span></header>
<main id="main">${main}</main></body>
</html>`;
}

/** The document around a view. */
export function layoutOf(layout: Layout): Html {
  const { title, main, path, url, live, mayAct, signOut, service, notice, assets } = layout;
  return html`<!DOCTYPE html>
<html lang="en">
<head>${headOf(title, assets)}
<script type="module" src="${assets.script}"></script>
</head>
<body${live && html` data-live="${url}"`}>
<a class="skip" href="#main">Skip to the page</a>
<header>
<a class="brand" href="/"><img src="${assets.icon}" alt="" width="20" height="20">Coatcheck</a>
<span class="service">${service}</span>
<span class="mode">${mayAct ? 'Actions allowed' : 'Read-only'}</span>
${signOut && html`<form method="post" action="${signOut}" class="sign-out"><button>Sign out</button></form>`}
</header>
<nav aria-label="Pages"><ul>${PAGES.map(
    ([href, name]) =>
      html`<li><a href="${href}"${isCurrent(href, path) && html` aria-current="page"`}>${name}</a></li>`,
  )}</ul></nav>
<main id="main" tabindex="-1">${main}</main>
<footer><span>Times are in UTC.</span> ${notice && html`<span>${notice}</span> `}<span id="live-state" role="status"></span></footer>
</body>
</html>`;
}

function headOf(title: string, assets: Layout['assets']): Html {
  return html`
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title} – Coatcheck</title>
<link rel="icon" type="image/svg+xml" href="${assets.icon}">
<link rel="stylesheet" href="${assets.style}">`;
}

/** A page is also current for those below it. */
function isCurrent(href: string, path: string): boolean {
  return path === href || (href !== '/' && path.startsWith(`${href}/`));
}
