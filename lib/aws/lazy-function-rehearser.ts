import type { Rehearser } from '../core/ports/rehearser.ts';
import { lazy } from './lazy.ts';

/** Loads the client of Lambda with the first rehearsal: other actions need none. */
const loadRehearser = lazy(async () => {
  const [{ FunctionRehearser }, { InvokedFunction }] = await Promise.all([
    import('./function-rehearser.ts'),
    import('./invoked-function.ts'),
  ]);
  return { open: (arn: string) => new FunctionRehearser(new InvokedFunction({}, arn, undefined)) };
});

/** Rehearses on a function. */
export class LazyFunctionRehearser implements Pick<Rehearser, 'rehearse'> {
  readonly #arn: string;

  /** @param arn that of the processor's function, or of its alias */
  constructor(arn: string) {
    this.#arn = arn;
  }

  async rehearse(...given: Parameters<Rehearser['rehearse']>): ReturnType<Rehearser['rehearse']> {
    const { open } = await loadRehearser();
    return await open(this.#arn).rehearse(...given);
  }
}
