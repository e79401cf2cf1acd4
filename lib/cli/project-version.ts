import { readFileSync } from 'node:fs';
import { ConfigurationError } from '../core/base/errors.ts';

/** What the command line reads from the manifest of the package. */
interface Manifest {
  readonly version: string;
  /** The versions of Node that the package runs on: a minimum, such as `>=22.12.0`. */
  readonly engines: { readonly node: string };
}

/** The version of the package. */
export function projectVersion(): string {
  return readManifest().version;
}

/**
 * npm only warns when it installs a package for a newer Node.
 * @throws ConfigurationError if this Node is older than the minimum
 */
export function assertNodeVersion(
  version = process.versions.node,
  { engines }: Pick<Manifest, 'engines'> = readManifest(),
): void {
  const minimum = engines.node.replace('>=', '');
  if (version.localeCompare(minimum, 'en', { numeric: true }) < 0) {
    throw new ConfigurationError(`coatcheck needs Node ${minimum} or later, got ${version}: update Node`);
  }
}

function readManifest(): Manifest {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
}
