import { quote } from '../base/quote.ts';
import { timeProblem } from '../base/time.ts';
import { METADATA_PREFIX, undeclaredProblem, wantedValueProblem } from '../config/record-metadata.ts';
import {
  ACTION_RULES,
  type ActionFilter,
  type ActionRequest,
  DEFAULT_ACTION_RATE,
  MAX_ACTION_RATE,
  MAX_FILTER_IDS,
  MAX_REASON_LENGTH,
} from '../model/action.ts';
import type { Metadata } from '../model/kept-metadata.ts';
import { PlanRefused } from './errors.ts';

/** The members of a filter. */
export const FILTER_MEMBERS = [
  'ids',
  'failureGroup',
  'code',
  'tenant',
  'topic',
  'status',
  'handlerVersion',
  'metadata',
  'since',
  'until',
  'createdSince',
  'createdUntil',
] as const satisfies readonly (keyof ActionFilter)[];

/**
 * Checks the plan of an operator.
 * @param declared the keys of metadata that records keep
 * @returns the plan, with defaults
 * @throws PlanRefused
 */
export function checkPlan(
  request: ActionRequest,
  declared: readonly string[],
): ActionRequest & { readonly rate: number } {
  const { rate = DEFAULT_ACTION_RATE, reason } = request;
  assertFilter(request, declared);
  assertNumber('rate', rate, 1, MAX_ACTION_RATE);
  assertCanary(request);
  assertPayload(request);
  if (reason !== undefined && reason.length > MAX_REASON_LENGTH) {
    throw invalid(`reason has at most ${MAX_REASON_LENGTH} characters, got ${reason.length}`);
  }
  return { ...request, rate };
}

function assertFilter({ action, filter }: ActionRequest, declared: readonly string[]): void {
  const { ids, status, metadata } = filter;
  if (FILTER_MEMBERS.every((name) => filter[name] === undefined)) {
    throw new PlanRefused(
      'filter_empty',
      `filter must have at least one of ${FILTER_MEMBERS.join(', ')}, so that no action is for all requests by mistake, got none. For all of them, give since`,
    );
  }
  if (ids && (ids.length === 0 || ids.length > MAX_FILTER_IDS)) {
    throw misfit(`ids must be 1 to ${MAX_FILTER_IDS} ids of requests, got ${ids.length}`);
  }
  const { statuses } = ACTION_RULES[action];
  if (status !== undefined && !statuses.includes(status)) {
    throw misfit(`status of ${action} must be one of ${statuses.join(', ')}, got ${quote(status)}`);
  }
  if (metadata) assertMetadata(metadata, declared);
  for (const name of TIMES) assertTime(name, filter[name]);
  assertSpan(filter, 'since', 'until');
  assertSpan(filter, 'createdSince', 'createdUntil');
}

/** The times of a filter. */
const TIMES = ['since', 'until', 'createdSince', 'createdUntil'] as const;

function assertTime(name: string, time: number | undefined): void {
  const problem = time === undefined ? undefined : timeProblem(time);
  if (problem !== undefined) throw misfit(`${name} ${problem}`);
}

function assertSpan(
  filter: ActionFilter,
  first: 'since' | 'createdSince',
  last: 'until' | 'createdUntil',
): void {
  const { [first]: from = Number.NEGATIVE_INFINITY, [last]: to = Number.POSITIVE_INFINITY } = filter;
  if (from < to) return;
  const [start, end] = [from, to].map((time) => new Date(time).toISOString());
  throw misfit(`${first} must be before ${last}, got ${start} and ${end}`);
}

function assertMetadata(metadata: Metadata, declared: readonly string[]): void {
  const wanted = Object.entries(metadata);
  if (wanted.length === 0) throw misfit('metadata must have at least one key, got none: leave it out');
  for (const [key, value] of wanted) {
    const undeclared = undeclaredProblem(key, declared);
    if (undeclared !== undefined) throw new PlanRefused('metadata_undeclared', undeclared);
    const problem = wantedValueProblem(`${METADATA_PREFIX}${key}`, value);
    if (problem !== undefined) throw misfit(problem);
  }
}

function assertCanary({ action, canary }: ActionRequest): void {
  if (!canary) return;
  if (!ACTION_RULES[action].runs) {
    const able = Object.entries(ACTION_RULES).flatMap(([name, { runs }]) => (runs ? [name] : []));
    throw invalid(
      `canary is for actions whose requests run again, ${able.join(' and ')}, got ${action}: leave it out`,
    );
  }
  assertNumber('canary.percent', canary.percent, 1, 100);
  assertNumber('canary.stopAbovePercent', canary.stopAbovePercent, 0, 99);
}

function assertPayload({ action, filter, payload }: ActionRequest): void {
  if (!payload) return;
  if (action === 'retry' && filter.ids?.length === 1) return;
  throw invalid(
    `payload is for a retry of one request, got ${action} of ${filter.ids?.length ?? 'unnamed'} requests: give its id as filter.ids`,
  );
}

function assertNumber(name: string, value: number, min: number, max: number): void {
  if (value >= min && value <= max && Number.isInteger(value)) return;
  throw invalid(`${name} must be a whole number from ${min} to ${max}, got ${value}`);
}

function invalid(message: string): PlanRefused {
  return new PlanRefused('action_invalid', message);
}

function misfit(message: string): PlanRefused {
  return new PlanRefused('filter_invalid', `filter.${message}`);
}
