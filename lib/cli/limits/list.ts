import { Command } from 'commander';
import { note } from '../../terminal/output.ts';
import type { Run } from '../run.ts';
import { withService } from '../service.ts';
import { addServiceOptions, type ServiceOptions } from '../service-options.ts';
import { printLimits } from './limit-rows.ts';

/** `coatcheck limits list`: lists limits. */
export function listLimitsCommand(run: Run): Command {
  const command = new Command('list').description('List the limits as configured, without live changes.');
  return addServiceOptions(command).action((options: ServiceOptions) =>
    withService(options, run.signal, async ({ limits }) => {
      const listed = await limits.list({ signal: run.signal });
      await printLimits(listed, options);
      if (listed.length === 0) note('no limits are configured: set the option limits, or COATCHECK_LIMITS');
    }),
  );
}
