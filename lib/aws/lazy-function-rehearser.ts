import type { Rehearser } from '../core/ports/rehearser.ts';
import { lazyPort } from './lazy-port.ts';

/**
 * Rehearses on a function. The client of Lambda is loaded with the first rehearsal: other actions need none.
 * @param arn that of the processor's function, or of its alias
 */
export function lazyFunctionRehearser(arn: string): Pick<Rehearser, 'rehearse'> {
  return lazyPort(['rehearse'], async () => {
    const [{ FunctionRehearser }, { InvokedFunction }] = await Promise.all([
      import('./function-rehearser.ts'),
      import('./invoked-function.ts'),
    ]);
    return new FunctionRehearser(new InvokedFunction({}, arn, undefined));
  });
}
