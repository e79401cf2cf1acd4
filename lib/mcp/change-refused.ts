/** Why a plan of a change can't be made or applied. */
export type ChangeRefusal = 'change_invalid' | 'plan_unknown' | 'plan_expired' | 'plan_changed';

/** A plan of a change can't be made or applied. */
export class ChangeRefused extends Error {
  override readonly name = 'ChangeRefused';
  readonly code: ChangeRefusal;

  constructor(code: ChangeRefusal, message: string) {
    super(message);
    this.code = code;
  }
}
