import { CoatcheckError } from '../base/errors.ts';

/** A cron expression can't be read. Its message goes on after the name of the field that has it. */
export class CronInvalid extends CoatcheckError {
  override readonly name = 'CronInvalid';
  readonly code = 'cron_invalid';
}
