import { Command } from 'commander';
import type { Run } from '../../run.ts';
import { addCommand } from './add.ts';
import { listEndpointsCommand } from './list.ts';
import { removeCommand } from './remove.ts';
import { replayEndpointCommand } from './replay.ts';
import { rotateCommand } from './rotate.ts';
import { showEndpointCommand } from './show.ts';
import { testCommand } from './test.ts';
import { updateCommand } from './update.ts';

/** `coatcheck webhooks endpoints`: manages the webhook endpoints of a service. */
export function endpointsCommand(run: Run): Command {
  return new Command('endpoints')
    .description('Add, change and remove receivers of webhooks, and send them outcomes again.')
    .addCommand(listEndpointsCommand(run))
    .addCommand(addCommand(run))
    .addCommand(showEndpointCommand(run))
    .addCommand(updateCommand(run))
    .addCommand(removeCommand(run))
    .addCommand(rotateCommand(run))
    .addCommand(testCommand(run))
    .addCommand(replayEndpointCommand(run));
}
