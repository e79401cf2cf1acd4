import { CoatcheckError } from '../core/base/errors.ts';
import type { Around } from './intercept.ts';

/** The simulated process is dead. */
export class ProcessDied extends CoatcheckError {
  override readonly name = 'ProcessDied';
  readonly code = 'process_died';

  constructor() {
    super('The process died');
  }
}

/** A simulated process that can die. After that, its calls have no effect. */
export class MortalProcess {
  #alive = true;
  readonly #death = Promise.withResolvers<undefined>();

  get alive(): boolean {
    return this.#alive;
  }

  /** Resolves when the process dies. */
  get death(): Promise<undefined> {
    return this.#death.promise;
  }

  /** Kills the process from outside. */
  kill(): void {
    this.#alive = false;
    this.#death.resolve(undefined);
  }

  /** Kills the process from within a call. @throws ProcessDied always */
  readonly die = (): never => {
    this.kill();
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
