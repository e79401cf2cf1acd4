import { ConfigurationError } from '../base/errors.ts';
import { isObject } from '../base/json-object.ts';
import { quote } from '../base/quote.ts';
import { unknownNameProblem } from './shape.ts';

/** A name in a request's metadata, as limits and filters refer to it. */
export type MetadataName = `metadata.${string}`;

/** What requests have in common that share a limit: their tenant, their topic, a value in their metadata, or nothing (`all`). */
export type LimitKey = 'tenant' | 'topic' | 'all' | MetadataName;

/** A number per second, minute or hour, such as `100/min`. */
export type Rate = `${number}/${keyof typeof RATE_SECONDS}`;

/** What a limit allows for one value of its key. What is absent isn't limited. */
export interface Allowance {
  /** Most requests that run at a time, in all processes: a whole number from 1. */
  readonly concurrency?: number;
  /** How many requests start in a time, or how much of their {@link Limit.weight}. Spread evenly over the time. */
  readonly rate?: Rate;
  /** Most requests that wait. More are refused when they are submitted. A whole number from 1. */
  readonly maxWaiting?: number;
}

/**
 * A limit of the requests that share a key. It applies to each value of the key separately, across all processes, and to no
 * request that doesn't have the key.
 */
export interface Limit extends Allowance {
  readonly key: LimitKey;
  /** The metadata with the number that a request counts as for the rate. @default - each request counts as 1 */
  readonly weight?: MetadataName;
}

const RATE_SECONDS = { s: 1, min: 60, h: 3_600 } as const;

/** Most of what a limit counts. */
const MAX_COUNT = 1_000_000_000;

/** What a limit allows: what can be changed live. */
export const ALLOWANCE_MEMBERS = [
  'concurrency',
  'rate',
  'maxWaiting',
] as const satisfies readonly (keyof Allowance)[];

const LIMIT_MEMBERS = ['key', ...ALLOWANCE_MEMBERS, 'weight'] as const satisfies readonly (keyof Limit)[];

/** The keys that aren't in metadata. */
const OWN_KEYS = ['tenant', 'topic', 'all'] as const satisfies readonly LimitKey[];

const METADATA = /^metadata\.[^\s=]{1,128}$/;

/** The grammar of rates. A leading zero could mean another base, and one rate would have several texts. */
export const RATE = /^([1-9]\d{0,9})\/(s|min|h)$/;

/** The units per second of a rate. */
export function perSecond(rate: Rate): number {
  const [, count, unit] = RATE.exec(rate) ?? [];
  return Number(count) / RATE_SECONDS[unit === 's' || unit === 'min' ? unit : 'h'];
}

/** Whether a value is a rate. */
export function isRate(value: unknown): value is Rate {
  return typeof value === 'string' && isCount(Number(RATE.exec(value)?.[1]));
}

/** Limits as JSON, for messages. */
export const LIMITS_EXAMPLE = '[{"key":"tenant","concurrency":5}]';

/** The problem with limits; undefined if they can be used. @param setting names them in the problem */
export function limitsProblem(setting: string, limits: unknown): string | undefined {
  if (!Array.isArray(limits))
    return `${setting} must be a list of limits, such as ${LIMITS_EXAMPLE}, got ${quote(limits)}`;
  for (const [index, limit] of limits.entries()) {
    const problem = limitProblem(limit);
    if (problem !== undefined) return `${setting}[${index}]${problem}`;
  }
  const keys = limits.map(({ key }: Limit) => key);
  const twice = keys.find((key, index) => keys.indexOf(key) < index);
  return twice === undefined ? undefined : `${setting} must have one limit of each key, got two of ${twice}`;
}

/** @throws ConfigurationError */
export function assertLimits(limits: readonly Limit[]): void {
  const problem = limitsProblem('limits', limits);
  if (problem !== undefined) throw new ConfigurationError(problem);
}

/** The problem with an allowance of one value of a key; undefined if it can be used. */
export function allowanceProblem(allowance: object): string | undefined {
  const unknown = Object.keys(allowance).find((name) => !isOneOf(ALLOWANCE_MEMBERS, name));
  if (unknown !== undefined) return unknownNameProblem(unknown, unknown, ALLOWANCE_MEMBERS);
  const { concurrency, rate, maxWaiting }: Partial<Record<keyof Allowance, unknown>> = allowance;
  for (const [name, count] of Object.entries({ concurrency, maxWaiting })) {
    if (count === undefined || isCount(count)) continue;
    return `${name} must be a whole number from 1 to ${MAX_COUNT}, got ${quote(count)}`;
  }
  if (rate === undefined || isRate(rate)) return undefined;
  return `rate must be a whole number from 1 per ${Object.keys(RATE_SECONDS).join(', ')}, such as 100/min, got ${quote(rate)}`;
}

/** Why a value isn't a live change of a limit; undefined if it may be one. */
export function limitChangeProblem(change: unknown): string | undefined {
  if (isObject(change)) return undefined;
  return `A change must be an object, such as { concurrency: 5 }, got ${quote(change)}; reset() ends what was changed`;
}

function limitProblem(limit: unknown): string | undefined {
  if (!isObject(limit)) return ` must be an object, got ${quote(limit)}`;
  const unknown = Object.keys(limit).find((name) => !isOneOf(LIMIT_MEMBERS, name));
  if (unknown !== undefined) return `.${unknownNameProblem(unknown, unknown, LIMIT_MEMBERS)}`;
  const { key, weight, ...allowance } = limit;
  if (typeof key !== 'string' || !(isOneOf(OWN_KEYS, key) || isMetadataName(key))) {
    return `.key must be tenant, topic, all or metadata.NAME, got ${quote(key)}`;
  }
  const problem = allowanceProblem(allowance);
  if (problem !== undefined) return `.${problem}`;
  if (weight === undefined) return undefined;
  if (!isMetadataName(weight)) {
    return `.weight must be metadata.NAME, got ${quote(weight)}`;
  }
  return limit.rate === undefined ? '.weight must come with a rate' : undefined;
}

/** Whether a value names an entry of metadata. */
export function isMetadataName(value: unknown): value is MetadataName {
  return typeof value === 'string' && METADATA.test(value);
}

/** Whether a value can be used as limits. */
export function areLimits(limits: unknown): limits is readonly Limit[] {
  return limitsProblem('limits', limits) === undefined;
}

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MAX_COUNT;
}

function isOneOf(names: readonly string[], name: string): boolean {
  return names.includes(name);
}
