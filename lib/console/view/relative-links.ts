/** Attributes of the pages with paths from the root of the console. */
const LINK = / (href|src|action|data-live)="(\/[^"]*)"/g;

/** The first page has a name, too: routes of API Gateway match no path that ends with a slash. */
export const FIRST_PAGE = '/now';

/** The relative path from a page to the root of the console. @param path of the page, from the root */
function rootFrom(path: string): string {
  return '../'.repeat(path.split('/').length - 2) || './';
}

/** The relative path from one page to another. @param path of the other page, from the root of the console */
export function relativePath(from: string, path: string): string {
  return `${rootFrom(from)}${path.replace(/^\/(?=\?|$)/, FIRST_PAGE).slice(1)}`;
}

/**
 * Makes the links of a page relative, so that they work below any path, also one that a proxy has taken off. Texts in the page
 * can't look like a link: their quotes are escaped.
 * @param path of the page, from the root of the console
 */
export function withRelativeLinks(page: string, path: string): string {
  return page.replaceAll(LINK, (_, name: string, to: string) => ` ${name}="${relativePath(path, to)}"`);
}
