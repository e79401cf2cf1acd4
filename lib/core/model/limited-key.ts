import type { Limit, LimitKey, MetadataName } from '../config/limits.ts';

/** What limits look at in a request. */
export interface LimitedRequest {
  readonly tenant?: string;
  readonly topic?: string;
  /** @default {} */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** A value of a limit's key, which its requests share. */
export interface LimitedKey {
  readonly limit: Limit;
  /** Empty for the key `all`. */
  readonly value: string;
  /** What the request counts as for the rate. */
  readonly weight: number;
}

/** The keys of a request that limits apply to, in the order of the limits. */
export function limitedKeysOf(request: LimitedRequest, limits: readonly Limit[]): readonly LimitedKey[] {
  return limits.flatMap((limit) => {
    const value = keyValueOf(request, limit.key);
    return value === undefined ? [] : [{ limit, value, weight: weightOf(request, limit) }];
  });
}

/** The name of a key's value, under which its state is stored. */
export function limitName(key: LimitKey, value: string): string {
  return `${key}=${value}`;
}

function keyValueOf(request: LimitedRequest, key: LimitKey): string | undefined {
  if (key === 'all') return '';
  return key === 'tenant' || key === 'topic' ? request[key] : metadataOf(request, key);
}

/** A weight that isn't a positive number counts as 1: it is the sender's, and must not stop the request. */
function weightOf(request: LimitedRequest, { weight }: Limit): number {
  const given = weight === undefined ? 1 : Number(metadataOf(request, weight));
  return Number.isFinite(given) && given > 0 ? given : 1;
}

function metadataOf({ metadata = {} }: LimitedRequest, name: MetadataName): string | undefined {
  const key = name.slice('metadata.'.length);
  return Object.hasOwn(metadata, key) ? metadata[key] : undefined;
}
