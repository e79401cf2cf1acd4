import { CoatcheckError } from '../core/base/errors.ts';
import type { Around } from './intercept.ts';

/** The process that would run this died before. */
export class ProcessDied extends CoatcheckError {
  readonly code = 'process_died';

  constructor() {
    super('The process died');
  }
}

/** A process that can die. From then on, nothing that runs in it has an effect. */
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

  /** Runs a call. @throws ProcessDied when the process is dead, or dies before the call returns */
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
