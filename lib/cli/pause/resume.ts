import { Command } from 'commander';
import { note } from '../../terminal/output.ts';
import type { Run } from '../run.ts';
import { withService } from '../service.ts';
import { addServiceOptions, type ServiceOptions } from '../service-options.ts';
import { printPause } from './print-pause.ts';

/** `coatcheck resume`: ends a pause of an operator. */
export function resumeCommand({ signal }: Run): Command {
  const command = new Command('resume').description(
    'End a pause that coatcheck pause started. A pause by the circuit breaker continues.',
  );
  return addServiceOptions(command).action((options: ServiceOptions) =>
    withService(options, signal, async (client) => {
      const ended = await client.resume({ signal });
      if (!ended) return note('No pause by an operator was in effect.');
      note('Ended this pause:');
      await printPause(ended, options);
    }),
  );
}
