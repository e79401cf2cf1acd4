import type { Rehearser } from '../core/ports/rehearser.ts';
import { lazy } from './lazy.ts';

/** Rehearses on a function. The client of Lambda is loaded with the first rehearsal: other actions need none. */
export class LazyFunctionRehearser implements Pick<Rehearser, 'rehearse'> {
  readonly #rehearser: () => Promise<Pick<Rehearser, 'rehearse'>>;

  /** @param arn that of the processor's function, or of its alias */
  constructor(arn: string) {
    this.#rehearser = lazy(async () => {
      const [{ FunctionRehearser }, { InvokedFunction }] = await Promise.all([
        import('./function-rehearser.ts'),
        import('./invoked-function.ts'),
      ]);
      return new FunctionRehearser(new InvokedFunction({}, arn, undefined));
    });
  }

  async rehearse(...given: Parameters<Rehearser['rehearse']>): ReturnType<Rehearser['rehearse']> {
    return (await this.#rehearser()).rehearse(...given);
  }
}
