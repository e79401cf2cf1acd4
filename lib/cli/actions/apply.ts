import { Command } from 'commander';
import { type Action, ApiError, type CoatcheckClient } from '../../client/index.ts';
import { canAsk, confirm, confirmCount } from '../../terminal/confirm.ts';
import { formatCount, formatProgress } from '../../terminal/format.ts';
import { note, printable } from '../../terminal/output.ts';
import { ProgressBoard } from '../../terminal/progress-board.ts';
import { EXIT, EXIT_CODES_HELP, type ExitCode } from '../exit-status.ts';
import { readCount } from '../quantities.ts';
import type { Run } from '../run.ts';
import { withService } from '../service.ts';
import { addServiceOptions, type ServiceOptions } from '../service-options.ts';
import { printActions } from './action-rows.ts';

const EXAMPLES = `
A plan can be applied for 15 minutes, and only while its filter matches the same requests. Ctrl-C ends the wait, not the action.

Examples:
  npx coatcheck actions apply 019a9f3e-5d51-7c55-9e0f-5b9e3c1d7a42
  npx coatcheck actions apply 019a9f3e-5d51-7c55-9e0f-5b9e3c1d7a42 --count 312`;

interface ApplyOptions extends ServiceOptions {
  readonly count?: number;
  readonly wait: boolean;
}

/** `coatcheck actions apply`: applies a plan, and waits for its end. */
export function applyActionCommand(run: Run): Command {
  const command = new Command('apply')
    .description('Apply a plan, and wait until its requests are handled.')
    .argument('<id>', 'id of the plan')
    .option('--count <n>', 'how many requests the plan lists, instead of a confirmation', readCount)
    .option('--no-wait', "don't wait")
    .addHelpText('after', EXAMPLES + EXIT_CODES_HELP);
  return addServiceOptions(command).action((id: string, options: ApplyOptions) => {
    if (options.count === undefined && !canAsk()) {
      command.error('error: no terminal to ask for confirmation; pass --count with what the plan shows');
    }
    return withService(options, run.signal, async (client) => {
      const plan = await client.actions.get(id, { signal: run.signal });
      const { count = plan.count } = options;
      if (options.count === undefined && !(await confirmed(plan, run.signal))) return;
      const applied = await client.actions.apply(id, { hash: plan.hash, count }, { signal: run.signal });
      const action = options.wait ? await waitForAction(applied, client, run) : applied;
      await printActions([action], options);
    });
  });
}

function confirmed({ action, count, reason }: Action, signal: AbortSignal): Promise<boolean> {
  const because = reason === undefined ? '' : ` (${printable(reason)})`;
  const what = `${action} ${formatCount(count)} requests${because}`;
  if (action !== 'purge') return confirm(`${what}?`, signal);
  return confirmCount(`${what}: type ${formatCount(count)}:`, count, signal);
}

/** Waits until an action has ended, with its progress on standard error. */
async function waitForAction({ id }: Action, { actions }: CoatcheckClient, run: Run): Promise<Action> {
  using board = new ProgressBoard();
  const progress = board.begin(id);
  try {
    const ended = await actions.wait(id, {
      signal: run.signal,
      onChange: (action) => progress.note(progressOf(action)),
    });
    const code = exitCodeOfAction(ended);
    if (code === EXIT.done) progress.done(endOf(ended));
    else progress.failed(endOf(ended));
    run.exit.add(code);
    return ended;
  } catch (error) {
    progress.drop();
    if (!(error instanceof ApiError)) {
      note(
        `The action goes on. To look at it: npx coatcheck actions show ${id}; to end it: actions abort ${id}`,
      );
    }
    throw error;
  }
}

function progressOf({ action, count, progress: { handled, skipped, failed } }: Action): string {
  const others = [
    skipped > 0 ? `, ${formatCount(skipped)} skipped` : '',
    failed > 0 ? `, ${formatCount(failed)} failed` : '',
  ];
  return `${formatProgress(handled, Math.max(count, 1), formatCount)} ${action}${others.join('')}`;
}

/** How an action ended, and what became of its requests. */
function endOf({ action, state, stoppedBecause, progress }: Action): string {
  if (stoppedBecause !== undefined) return stoppedBecause;
  const isRehearsal = action === 'rehearse';
  const [done, skipped, failed] = isRehearsal
    ? ['would succeed', 'undecided', 'would fail']
    : ['done', 'skipped', 'failed'];
  const counts = `${formatCount(progress.done)} ${done}, ${formatCount(progress.skipped)} ${skipped}, ${formatCount(progress.failed)} ${failed}`;
  // A rehearsal succeeds even if all of its requests would fail.
  return isRehearsal && state === 'succeeded' ? counts : `${state}: ${counts}`;
}

function exitCodeOfAction({ state, progress }: Action): ExitCode {
  if (state === 'aborted') return EXIT.cancelled;
  return state === 'succeeded' && progress.failed === 0 ? EXIT.done : EXIT.failed;
}
