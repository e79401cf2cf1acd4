import * as z from 'zod';
import { ChangeRefused } from '../change-refused.ts';

export const FutureTime = z.iso.datetime({ offset: true }).describe('Later than now.');

/** @throws ChangeRefused */
export function assertFuture(name: string, time: string, now: number): void {
  if (Date.parse(time) > now) return;
  throw new ChangeRefused(
    'change_invalid',
    `${name} must be later than now, ${new Date(now).toISOString()}, got ${time}`,
  );
}
