import { readFileSync } from 'node:fs';

/** A row of a table of permissions. */
export interface DocumentedPermissions {
  readonly actions: readonly string[];
  /** The last column: what the permissions are on. */
  readonly on: string;
}

/**
 * Reads the table of permissions under a heading of a page.
 * @throws Error if there is none
 */
export function documentedPermissions(page: string, heading: string): DocumentedPermissions[] {
  const [, section = ''] = readFileSync(page, 'utf8').split(new RegExp(`^#+ ${heading}$`, 'm'));
  const [table = ''] = /(?:^\|.*\n)+/m.exec(section) ?? [];
  const rows = table.split('\n').flatMap((line) => {
    const actions = [...line.matchAll(/`([a-z0-9-]+:[A-Z]\w+)`/g)].map(([, action = '']) => action);
    const on = line.split('|').at(-2)?.trim() ?? '';
    return actions.length > 0 ? [{ actions, on }] : [];
  });
  if (rows.length === 0) throw new Error(`${page} has no table of permissions under ${heading}`);
  return rows;
}
