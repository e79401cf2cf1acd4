import { DAY_MILLISECONDS } from '../base/time.ts';
import { NUMBER_SETTINGS } from '../config/settings.ts';
import type { RequestRecord } from '../model/request-record.ts';
import type { AuditedRecord, AuditSource } from '../ports/audit-source.ts';
import { type AuditFinding, type AuditRules, auditRequest, objectsOf } from './audit.ts';
import { objectOwner, ownerName } from './object-owner.ts';

/** A request that was looked at. */
export interface JudgedRequest {
  /** Undefined if only a message or a stored object shows that there was a request. */
  readonly record?: RequestRecord;
  /** None if it adds up. */
  readonly findings: readonly AuditFinding[];
}

/** Compares records, messages and stored objects, some requests at a time. */
export async function* runAudit(
  source: AuditSource,
  rules: AuditRules,
): AsyncGenerator<readonly JudgedRequest[], void> {
  // Listed first: an object is stored before anything refers to it.
  const objects = await listed(source);
  const owners = new Set<string>();
  for await (const page of source.records()) {
    const judged: JudgedRequest[] = [];
    for (const audited of page) {
      const { record } = audited;
      owners.add(ownerName(record.request.id));
      const missingObjects = objects ? await missingOf(audited, objects, source) : new Set<string>();
      judged.push({ record, findings: auditRequest({ ...audited, missingObjects }, rules) });
    }
    yield judged;
  }
  const unrecorded = await unrecordedIn(source, rules);
  yield unrecorded.map((finding) => ({ findings: [finding] }));
  if (!objects) return;
  const orphans = await orphansIn(source, objects, owners, rules);
  yield [...Map.groupBy(orphans, ({ ticket }) => ticket).values()].map((findings) => ({ findings }));
}

/** When each object was written; undefined if objects aren't looked at. */
async function listed(source: AuditSource): Promise<ReadonlyMap<string, number> | undefined> {
  const listing = source.objects();
  if (!listing) return undefined;
  const objects = new Map<string, number>();
  for await (const { key, modifiedAt } of listing) objects.set(key, modifiedAt);
  return objects;
}

async function missingOf(
  { record }: AuditedRecord,
  objects: ReadonlyMap<string, number>,
  source: AuditSource,
): Promise<ReadonlySet<string>> {
  const missing = new Set<string>();
  for (const check of objectsOf(record)) {
    if (!objects.has(check.key) && !(await source.hasObject(check))) missing.add(check.key);
  }
  return missing;
}

async function unrecordedIn(source: AuditSource, rules: AuditRules): Promise<readonly AuditFinding[]> {
  const { now, graceMilliseconds } = rules;
  const requests = await source.unrecorded(now - graceMilliseconds);
  // The record of a request that has waited for longer may have expired.
  const after = recordsSince(rules);
  return requests
    .filter(({ submittedAt }) => submittedAt > after)
    .map(({ id: ticket, tenant, submittedAt: since }) => ({
      verdict: 'record_missing',
      ticket,
      ...(tenant !== undefined && { tenant }),
      since,
    }));
}

/** Since when each record that was written must still be there, in milliseconds since 1970. */
function recordsSince({ now, recordAgeDays = NUMBER_SETTINGS.recordAgeDays.default }: AuditRules): number {
  return now - recordAgeDays * DAY_MILLISECONDS;
}

/** Objects of requests that have neither a record nor a message. */
async function orphansIn(
  source: AuditSource,
  objects: ReadonlyMap<string, number>,
  owners: ReadonlySet<string>,
  rules: AuditRules,
): Promise<readonly AuditFinding[]> {
  const { now, graceMilliseconds } = rules;
  const referred = new Set(await source.objectsOfMessages());
  const before = now - graceMilliseconds - (source.messageMilliseconds ?? 0);
  return [...objects].flatMap(([key, modifiedAt]): AuditFinding[] => {
    const owner = objectOwner(key);
    // The record of an older object may have expired.
    if (modifiedAt <= recordsSince(rules)) return [];
    if (!owner || modifiedAt > before || owners.has(owner.name) || referred.has(key)) return [];
    const verdict = owner.kind === 'payload' ? 'payload_orphaned' : 'result_orphaned';
    return [{ verdict, ticket: owner.name, since: modifiedAt, object: key }];
  });
}
