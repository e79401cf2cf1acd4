import { CoatcheckError } from '../base/errors.ts';
import { failureOf, generalMessage, isFailureGroup } from '../model/failure-group.ts';
import { failedAt } from '../model/failure-position.ts';
import type { RequestRecord } from '../model/request-record.ts';
import type { Clock } from '../ports/clock.ts';
import type { FailureCount, FailureIndex, FailureNote, TenantScope } from '../ports/failure-index.ts';
import type { RecordPage } from '../ports/record-store.ts';

/** Requests that failed for one reason. */
export interface FailureGroup {
  readonly id: string;
  readonly code: string;
  /** With placeholders for what differs. */
  readonly message: string;
  readonly frame?: string;
  /** In milliseconds since 1970. */
  readonly firstSeenAt: number;
  readonly lastSeenAt: number;
  /** See {@link FailureCount}. */
  readonly count: number;
  readonly tenants: readonly string[];
  readonly note?: FailureNote;
}

/** Which groups to list. */
export interface FailureGroupListing {
  readonly scope: TenantScope;
  /** Only groups that were last seen at this time or later, in milliseconds since 1970. @default - all */
  readonly since?: number;
  /** Only groups that were first seen before this time, in milliseconds since 1970. @default - all */
  readonly until?: number;
  /** List groups after this position. @default - begins with the group that was seen last */
  readonly after?: string;
  /** Most groups to return, from 1. */
  readonly limit: number;
}

/** Consecutive groups, the latest seen first. */
export interface FailureGroupPage {
  readonly groups: readonly FailureGroup[];
  /** The `after` of the next page; absent on the last page. */
  readonly next?: string;
}

/** There is no such group, or none of its requests is this caller's. */
export class FailureGroupNotFound extends CoatcheckError {
  override readonly name = 'FailureGroupNotFound';
  readonly code = 'failure_group_unknown';

  constructor(id: string) {
    super(
      `No request of the failure group ${id} is there for this caller: they may have been redriven, belong to another tenant, ` +
        'or be kept no longer',
    );
  }
}

/** Most characters of a note. */
export const NOTE_MAX_LENGTH = 2_000;

/** Shows operators the groups of failures, and keeps their notes. */
export class FailureGroups {
  readonly #index: FailureIndex;
  readonly #clock: Clock;

  constructor(index: FailureIndex, clock: Clock) {
    this.#index = index;
    this.#clock = clock;
  }

  /** Lists groups, the latest seen first. A page may have fewer than the limit, while requests are redriven. */
  async list({ scope, since, until, after, limit }: FailureGroupListing): Promise<FailureGroupPage> {
    const counts = (await this.#index.count(scope))
      .filter(({ latest }) => since === undefined || failedAt(latest) >= since)
      .filter(({ first }) => until === undefined || failedAt(first) < until)
      .map((count) => ({ count, position: groupPosition(count) }))
      .filter(({ position }) => after === undefined || position < after)
      .sort((one, other) => (one.position < other.position ? 1 : -1));
    const page = counts.slice(0, limit);
    const groups = await this.#groupsOf(page.map(({ count }) => count));
    const next = counts.length > limit ? page.at(-1)?.position : undefined;
    return { groups, ...(next !== undefined && { next }) };
  }

  /** @throws FailureGroupNotFound */
  async get(id: string, scope: TenantScope): Promise<FailureGroup> {
    const counts = isFailureGroup(id) ? await this.#index.count(scope, id) : [];
    const [group] = await this.#groupsOf(counts);
    if (!group) throw new FailureGroupNotFound(id);
    return group;
  }

  /** Lists the requests of a group, the latest failure first. @throws FailureGroupNotFound for an invalid id */
  async requests(
    id: string,
    scope: TenantScope,
    page: { readonly after?: string; readonly limit: number },
  ): Promise<RecordPage> {
    if (!isFailureGroup(id)) throw new FailureGroupNotFound(id);
    return this.#index.list({ id, scope, ...page });
  }

  /**
   * Sets the note of a group. It replaces an earlier note.
   * @param by who notes it, if that is known
   * @throws FailureGroupNotFound
   */
  async setNote(id: string, text: string, by?: string): Promise<FailureGroup> {
    const group = await this.get(id, 'all');
    const note = { text, ...(by !== undefined && { by }), at: this.#clock.now() };
    await this.#index.note(id, note);
    return { ...group, note };
  }

  /** Leaves out groups whose latest request is gone: the others are gone too, or it was just redriven. */
  async #groupsOf(counts: readonly FailureCount[]): Promise<FailureGroup[]> {
    const [latest, notes] = await Promise.all([
      this.#index.latest(counts),
      this.#index.notes(counts.map(({ id }) => id)),
    ]);
    return counts.flatMap((count) => groupOf(count, latest.get(count.id), notes.get(count.id)) ?? []);
  }
}

/** The unique position of a group in the list of groups. Positions are strings that sort by the latest failure. */
function groupPosition({ latest, id }: FailureCount): string {
  return `${new Date(failedAt(latest)).toISOString()}#${id}`;
}

/** Whether a text has the form of a position in the list of groups. */
export function isGroupPosition(text: string): boolean {
  const [time = '', id = '', ...rest] = text.split('#');
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(time) && isFailureGroup(id) && rest.length === 0;
}

function groupOf(
  { id, count, first, latest, tenants }: FailureCount,
  record: RequestRecord | undefined,
  note: FailureNote | undefined,
): FailureGroup | undefined {
  const failure = record && failureOf(record);
  if (!failure) return undefined;
  const { code, message, frame } = failure;
  return {
    id,
    code,
    message: generalMessage(message),
    ...(frame !== undefined && { frame }),
    firstSeenAt: failedAt(first),
    lastSeenAt: failedAt(latest),
    count,
    tenants,
    ...(note && { note }),
  };
}
