import { writeFile } from 'node:fs/promises';
import { Command, InvalidArgumentError } from 'commander';
import { ConfigurationError } from '../../core/base/errors.ts';
import { messageOf } from '../../core/base/serialize-error.ts';
import { type Plan, planFor } from '../../planner/plan.ts';
import type { Run } from '../run.ts';
import type { MeasuredService } from './measure.ts';
import { addPlanOptions, type PlanOptions, surgeOf, workloadOf } from './options.ts';
import { printPlan } from './report.ts';
import { surgeSvg } from './svg.ts';

const EXAMPLES = `
Examples:
  npx coatcheck plan --rate 200/s --service-time 1.2s --payload 300KB
  npx coatcheck plan --rate 200/s --service-time 1.2s --payload 300KB --surge 10x --surge-time 30min
  npx coatcheck plan --rate 200/s --service-time 1.2s --payload 300KB --surge-requests 100M --svg surge.svg
  npx coatcheck plan --from-service --payload 300KB`;

/** `coatcheck plan`: sizes a workload: concurrency, waiting time and cost. */
export function planCommand({ signal }: Run): Command {
  const command = new Command('plan')
    .description(
      'Estimate the concurrency, waiting time and cost of a workload, without deploying anything, or of the traffic of a service.',
    )
    .addHelpText('after', EXAMPLES);
  return addPlanOptions(command).action(async (options: PlanOptions) => {
    if (!options.fromService) {
      assertNoService(command, options);
      return answer(command, options);
    }
    const [{ withService }, { measure }] = await Promise.all([
      import('../service.ts'),
      import('./measure.ts'),
    ]);
    await withService(options, signal, async (client) => {
      await answer(command, options, await measure(client, signal));
    });
  });
}

async function answer(command: Command, options: PlanOptions, measured?: MeasuredService): Promise<void> {
  const plan = planned(command, options, measured);
  if (options.svg !== undefined && plan.surge) await save(options.svg, surgeSvg(plan.surge));
  if (options.json) console.log(JSON.stringify(plan, null, 2));
  else printPlan(plan);
}

function planned(command: Command, options: PlanOptions, measured?: MeasuredService): Plan {
  try {
    const workload = workloadOf(options, measured);
    const surge = surgeOf(options, workload.ratePerSecond);
    return planFor(workload, surge, options.rate === undefined ? measured?.arrivals : undefined);
  } catch (error) {
    if (error instanceof InvalidArgumentError) command.error(`error: ${error.message}`);
    throw error;
  }
}

function assertNoService(command: Command, { stack, service, api }: PlanOptions): void {
  const named = Object.entries({ stack, service, api }).find(([, value]) => value !== undefined);
  if (named) command.error(`error: option '--${named[0]}' needs --from-service, which asks that service`);
}

async function save(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (error) {
    const problem = messageOf(error);
    throw new ConfigurationError(`Can't write the --svg file ${file}: ${problem}`);
  }
}
