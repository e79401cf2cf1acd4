import type { OperatorPause, OperatorPauses } from '../../core/ports/pausing.ts';
import { Faults } from './faults.ts';

/** The pause of an operator, in memory. */
export class MemoryOperatorPauses implements OperatorPauses {
  readonly faults = new Faults<'read' | 'write'>();
  #pause: OperatorPause | undefined;

  read(): Promise<OperatorPause | undefined> {
    return this.faults.around('read', () => this.#pause);
  }

  write(pause: OperatorPause | undefined): Promise<OperatorPause | undefined> {
    return this.faults.around('write', () => {
      const before = this.#pause;
      this.#pause = pause;
      return before;
    });
  }
}
