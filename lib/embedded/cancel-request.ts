import { leftWaiting } from '../core/intake/left-waiting.ts';
import type { RequestIdentity } from '../core/model/request-id.ts';
import type { Applied } from '../core/records/record-writer.ts';
import type { ServiceIntake } from './service-intake.ts';

/** Cancels a request, with what follows from it. @throws RecordMissing */
export async function cancelRequest(request: RequestIdentity, intake: ServiceIntake): Promise<Applied> {
  const { records, admission, submissions } = intake;
  const applied = await records.change(request, { type: 'cancel' });
  const left = leftWaiting(applied);
  if (left) await admission.leave?.(left);
  await submissions.promote(applied.stored.record);
  return applied;
}
