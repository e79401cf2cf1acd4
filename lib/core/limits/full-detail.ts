import type { FullKey } from '../ports/admission.ts';

/** Says that too many requests of a key wait. */
export function fullDetail({ key, value, waiting, maxWaiting }: FullKey): string {
  const whose = value === '' ? 'requests' : `requests of ${key} ${value}`;
  return (
    `${waiting} ${whose} are waiting, and at most ${maxWaiting} may. ` +
    'This request was not accepted; submit it again when some have started'
  );
}
