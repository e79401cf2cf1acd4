import type { AliasRouting } from '../aws/function-alias.ts';

/**
 * `version 6, 10% version 7`: which versions an alias invokes.
 * @param label text of a version
 */
export function formatRouting({ version, weights }: AliasRouting, label = labelOf): string {
  const others = Object.entries(weights).map(([other, weight]) => `${percent(weight)} ${label(other)}`);
  return [label(version), ...others].join(', ');
}

function labelOf(version: string): string {
  return `version ${version}`;
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))}%`;
}
