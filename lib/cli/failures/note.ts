import { Command } from 'commander';
import { readFailureGroup } from '../quantities.ts';
import type { Run } from '../run.ts';
import { withService } from '../service.ts';
import { addServiceOptions, type ServiceOptions } from '../service-options.ts';
import { printFailure } from './failure-rows.ts';

const EXAMPLES = `
Example:
  npx coatcheck failures note 80d813265c2121ca 'Bug in 42, fixed in 43: redrive them.'`;

/** `coatcheck failures note`: notes something about a group. */
export function noteFailureCommand(run: Run): Command {
  const command = new Command('note')
    .description('Set the note of a group of failed requests. Replaces an earlier note (operators only).')
    .argument('<id>', 'id of the group', readFailureGroup)
    .argument('<text>', 'the note, up to 2,000 characters')
    .addHelpText('after', EXAMPLES);
  return addServiceOptions(command).action((id: string, text: string, options: ServiceOptions) =>
    withService(options, run.signal, async ({ failures }) => {
      await printFailure(await failures.setNote(id, text, { signal: run.signal }), options);
    }),
  );
}
