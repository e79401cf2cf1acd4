import { ConfigurationError } from '../core/base/errors.ts';

/**
 * Reads the query parameters of a broker's URL.
 * @throws ConfigurationError if there is an unknown one, or one twice
 */
export function parametersOf(url: URL, allowed: readonly string[]): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const [name, value] of url.searchParams) {
    if (!allowed.includes(name)) {
      const known = allowed.length > 0 ? `allowed are ${allowed.join(', ')}` : 'there are none';
      throw invalidUrl(url, `has the unknown parameter ${name}: ${known}`);
    }
    if (parameters.has(name)) throw invalidUrl(url, `has ${name} twice`);
    parameters.set(name, value);
  }
  return parameters;
}

/** Decodes percent-encoded text. @throws ConfigurationError if it is malformed */
export function decodedPart(url: URL, what: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalidUrl(
      url,
      `has a malformed ${what}: write special characters as % and two hexadecimal digits`,
    );
  }
}

/**
 * Reads the other servers of a cluster: a URL has one host.
 * @throws ConfigurationError if one isn't `host:port`
 */
export function moreServers(url: URL, servers: string | undefined): readonly string[] {
  const others = servers?.split(',') ?? [];
  for (const server of others) {
    if (!/^[^\s/@]+:\d{1,5}$/.test(server)) {
      throw invalidUrl(url, `has ${server} in servers: write host:port, with commas between several`);
    }
  }
  return others;
}

/** An error that names a URL without its login. */
export function invalidUrl({ protocol, host, pathname }: URL, problem: string): ConfigurationError {
  return new ConfigurationError(`The URL ${protocol}//${host}${pathname} ${problem}`);
}
