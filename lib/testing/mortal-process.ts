import { CoatcheckError } from '../core/base/errors.ts';
import type { Around } from './intercept.ts';

/** The simulated process is dead. */
export class ProcessDied extends CoatcheckError {
  readonly code = 'process_died';

  constructor() {
    super('The process died');
  }
}

/** A simulated process that can die. After that, its calls have no effect. */
export class MortalProcess {
  #alive = true;

  get alive(): boolean {
    return this.#alive;
  }

  /** @throws ProcessDied always */
  readonly die = (): never => {
    this.#alive = false;
    throw new ProcessDied();
  };

  /** Runs a call in the process. @throws ProcessDied if the process is dead, or dies before the call returns */
  readonly around: Around = async (_, effect) => {
    this.#assertAlive();
    const value = await effect();
    this.#assertAlive();
    return value;
  };

  #assertAlive(): void {
    if (!this.#alive) throw new ProcessDied();
  }
}
