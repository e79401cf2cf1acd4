import { isObject } from '../core/base/json-object.ts';
import { assertText, checkOptions } from '../core/config/shape.ts';
import { hasMembers, type JsonAnswer, readJson, readPage } from './answers.ts';
import type { Api } from './api.ts';
import { allOf } from './list.ts';
import { CALL, GROUP, GROUP_PAGE, GROUPS } from './option-shapes.ts';
import type { RequestPage, RequestResource } from './request.ts';
import { toRfc3339 } from './submission.ts';
import type { CallOptions } from './webhook-endpoints.ts';

/** Requests that failed with the same error. Times are in RFC 3339, UTC. */
export interface FailureGroup {
  readonly id: string;
  /** Code of the error, or its name: of the last one, if a request used up its attempts. */
  readonly code: string;
  /** Message of the error, with placeholders for what differs between the requests. */
  readonly message: string;
  /** Where the error was thrown: a function and its file, if that is known. */
  readonly frame?: string;
  readonly firstSeenAt: string;
  readonly lastSeenAt: string;
  /** Failed requests. Exact up to 100,000; above that, a minimum. */
  readonly count: number;
  /** Up to 10 of the tenants whose requests failed. */
  readonly tenants: readonly string[];
  /** The note of an operator. Only operators see it. */
  readonly note?: {
    readonly text: string;
    /** Who noted it, if the API knows its callers. */
    readonly by?: string;
    readonly at: string;
  };
}

/** A page of groups of failed requests. */
export interface FailureGroupPage {
  readonly groups: readonly FailureGroup[];
  /** Cursor of the next page; absent on the last one. */
  readonly next?: string;
}

const PATH = '/v1/failures';

/** Whose failures. */
export interface GroupOptions extends CallOptions {
  /** Only failures of this tenant. Only operators may name another one than theirs. @default all that the caller may see */
  readonly tenant?: string;
}

/** Selects the requests of a group to list. */
export interface GroupRequestOptions extends GroupOptions {
  /** Most requests in a page, 1 to 100. @default 20 */
  readonly limit?: number;
}

/** Options of a page of the requests of a group. */
export interface GroupRequestPageOptions extends GroupRequestOptions {
  /** `next` of the previous page. @default the first page */
  readonly cursor?: string;
}

/** Selects the groups to list. */
export interface GroupListOptions extends GroupOptions {
  /** Only groups that were last seen at this time or later. A string is in RFC 3339. @default all */
  readonly since?: Date | string;
  /** Only groups that were first seen before this time. A string is in RFC 3339. @default all */
  readonly until?: Date | string;
  /** Most groups in a page, 1 to 100. @default 20 */
  readonly limit?: number;
}

/** Options of a page of groups. */
export interface GroupPageOptions extends GroupListOptions {
  /** `next` of the previous page. @default the first page */
  readonly cursor?: string;
}

/**
 * Shows failed requests in groups. Callers with a tenant see the failures of their tenant, operators all. Calls with an id may
 * throw an `ApiError` with the code `failure_group_unknown`.
 */
export class FailuresClient {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  /** Lists groups, the latest seen first. Fetches pages on demand. */
  list(options: GroupListOptions = {}): AsyncGenerator<FailureGroup, void> {
    const pageAt = (cursor: string | undefined) => this.listPage({ ...options, cursor });
    return allOf(pageAt, ({ groups }) => groups);
  }

  /** Gets one page of groups, the latest seen first. */
  async listPage(options: GroupPageOptions = {}): Promise<FailureGroupPage> {
    const { since, until, tenant, limit, cursor, signal } = checkOptions(
      'failures.listPage()',
      options,
      GROUPS,
    );
    const query = { tenant, since: toRfc3339(since), until: toRfc3339(until), limit, cursor };
    return readGroups(await this.#api.json({ method: 'GET', path: PATH, query, signal }));
  }

  /** Gets a group. */
  async get(id: string, options: GroupOptions = {}): Promise<FailureGroup> {
    const { tenant, signal } = checkOptions('failures.get()', options, GROUP);
    return readGroup(await this.#api.json({ method: 'GET', path: pathOf(id), query: { tenant }, signal }));
  }

  /** Lists the requests of a group, that which failed last first. Fetches pages on demand. */
  requests(id: string, options: GroupRequestOptions = {}): AsyncGenerator<RequestResource, void> {
    const pageAt = (cursor: string | undefined) => this.requestsPage(id, { ...options, cursor });
    return allOf(pageAt, ({ requests }) => requests);
  }

  /** Gets one page of the requests of a group, that which failed last first. */
  async requestsPage(id: string, options: GroupRequestPageOptions = {}): Promise<RequestPage> {
    const { tenant, limit, cursor, signal } = checkOptions('failures.requestsPage()', options, GROUP_PAGE);
    const path = `${pathOf(id)}/requests`;
    return readPage(await this.#api.json({ method: 'GET', path, query: { tenant, limit, cursor }, signal }));
  }

  /**
   * Sets the note of a group. It replaces an earlier note.
   * @param text up to 2,000 characters
   * @throws ApiError with the code `operator_required` for other callers
   */
  async setNote(id: string, text: string, options: CallOptions = {}): Promise<FailureGroup> {
    const { signal } = checkOptions('failures.setNote()', options, CALL);
    return readGroup(
      await this.#api.json({
        method: 'PUT',
        path: `${pathOf(id)}/note`,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ text }),
        signal,
      }),
    );
  }
}

function pathOf(id: string): string {
  assertText('failures', 'id', id);
  return `${PATH}/${encodeURIComponent(id)}`;
}

function readGroup(answer: JsonAnswer): FailureGroup {
  return readJson(answer, 'a group of failures', isGroup);
}

function readGroups(answer: JsonAnswer): FailureGroupPage {
  return readJson(answer, 'a page of groups of failures', isGroupPage);
}

function isGroup(value: unknown): value is FailureGroup {
  return hasMembers(value, { id: 'string', code: 'string', message: 'string', count: 'number' });
}

function isGroupPage(value: unknown): value is FailureGroupPage {
  return isObject(value) && Array.isArray(value.groups) && value.groups.every(isGroup);
}
