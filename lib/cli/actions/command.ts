import { Command } from 'commander';
import type { Run } from '../run.ts';
import { abortActionCommand } from './abort.ts';
import { applyActionCommand } from './apply.ts';
import { listActionsCommand } from './list.ts';
import { planActionCommand } from './plan.ts';
import { showActionCommand } from './show.ts';

/** `coatcheck actions`: acts on many requests at once. */
export function actionsCommand(run: Run): Command {
  return new Command('actions')
    .description('Act on many requests at once: plan an action, check the plan, apply it. For operators.')
    .addCommand(planActionCommand(run))
    .addCommand(applyActionCommand(run))
    .addCommand(abortActionCommand(run))
    .addCommand(listActionsCommand(run))
    .addCommand(showActionCommand(run));
}
