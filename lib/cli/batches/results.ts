import { Command } from 'commander';
import { jsonLine, print } from '../../terminal/output.ts';
import type { Run } from '../run.ts';
import { withService } from '../service.ts';
import { addServiceOptions, type ServiceOptions } from '../service-options.ts';
import { saveResults } from './save-results.ts';

const EXAMPLES = `
Examples:
  npx coatcheck batches results 0198a5f2-6c1e-7b7a-9d3e-3f6f0a1b2c3d -o results.ndjson
  npx coatcheck batches results 0198a5f2-6c1e-7b7a-9d3e-3f6f0a1b2c3d | jq -c 'select(.status == "failed")'`;

interface ResultsOptions extends ServiceOptions {
  readonly output?: string;
}

/** `coatcheck batches results`: prints a line for each item. */
export function batchResultsCommand(run: Run): Command {
  const command = new Command('results')
    .description('Print a line of JSON for each item of a batch, in the order in which the items were added.')
    .argument('<id>', 'ticket of the batch')
    .option('-o, --output <file>', 'file to write')
    .addHelpText('after', EXAMPLES);
  return addServiceOptions(command).action((id: string, options: ResultsOptions) =>
    withService(options, run.signal, async (client) => {
      const { output } = options;
      if (output !== undefined) return saveResults(id, output, client, run.signal);
      for await (const line of client.batches.resultLines(id, { signal: run.signal })) {
        await print(jsonLine(line));
      }
    }),
  );
}
