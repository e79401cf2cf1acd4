import { Command } from 'commander';
import type { Run } from '../run.ts';
import { withService } from '../service.ts';
import { addServiceOptions, type ServiceOptions } from '../service-options.ts';
import { addKeyArguments } from './key-arguments.ts';
import { printLimit } from './limit-rows.ts';

/** `coatcheck limits show`: shows one value of a key. */
export function showLimitCommand(run: Run): Command {
  const command = new Command('show').description(
    'Show the current limit of one value of a key, and how many of its requests are running and waiting.',
  );
  return addServiceOptions(addKeyArguments(command)).action(
    (key: string, value: string | undefined, options: ServiceOptions) =>
      withService(options, run.signal, async ({ limits }) => {
        await printLimit(await limits.get(key, value, { signal: run.signal }), options);
      }),
  );
}
