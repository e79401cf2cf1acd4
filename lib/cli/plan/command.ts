import { writeFile } from 'node:fs/promises';
import { Command, InvalidArgumentError } from 'commander';
import { ConfigurationError } from '../../core/base/errors.ts';
import { messageOf } from '../../core/base/serialize-error.ts';
import { planFor } from '../../planner/plan.ts';
import type { Surge } from '../../planner/surge.ts';
import { addPlanOptions, type PlanOptions, surgeOf, workloadOf } from './options.ts';
import { printPlan } from './report.ts';
import { surgeSvg } from './svg.ts';

const EXAMPLES = `
Examples:
  coatcheck plan --rate 200/s --service-time 1.2s --payload 300KB
  coatcheck plan --rate 200/s --service-time 1.2s --payload 300KB --surge 10x --surge-time 30min
  coatcheck plan --rate 200/s --service-time 1.2s --payload 300KB --surge-requests 100M --svg surge.svg`;

/** `coatcheck plan`: sizes a workload: concurrency, waiting time and cost. */
export function planCommand(): Command {
  const command = new Command('plan')
    .description('Estimate the concurrency, waiting time and cost of a workload, without deploying anything.')
    .addHelpText('after', EXAMPLES);
  return addPlanOptions(command).action(async (options: PlanOptions) => {
    const surge = readSurge(command, options);
    const plan = planFor(workloadOf(options), surge);
    if (options.svg !== undefined && plan.surge) await save(options.svg, surgeSvg(plan.surge));
    if (options.json) console.log(JSON.stringify(plan, null, 2));
    else printPlan(plan);
  });
}

function readSurge(command: Command, options: PlanOptions): Surge | undefined {
  try {
    return surgeOf(options);
  } catch (error) {
    if (error instanceof InvalidArgumentError) command.error(`error: ${error.message}`);
    throw error;
  }
}

async function save(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (error) {
    const problem = messageOf(error);
    throw new ConfigurationError(`Can't write the --svg file ${file}: ${problem}`);
  }
}
