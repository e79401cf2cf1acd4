import { Command } from 'commander';
import type { Run } from '../run.ts';
import { withService } from '../service.ts';
import { addServiceOptions, type ServiceOptions } from '../service-options.ts';
import { addKeyArguments } from './key-arguments.ts';
import { printLimit } from './limit-rows.ts';

/** `coatcheck limits reset`: undoes live changes. */
export function resetLimitCommand(run: Run): Command {
  const command = new Command('reset').description(
    'Undo the changes for one value of a key, and end a pause of its requests.',
  );
  return addServiceOptions(addKeyArguments(command)).action(
    (key: string, value: string | undefined, options: ServiceOptions) =>
      withService(options, run.signal, async ({ limits }) => {
        await printLimit(await limits.reset(key, value, { signal: run.signal }), options);
      }),
  );
}
