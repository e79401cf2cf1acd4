/** Opens the service in a file, rehearses its dead letters or goes on with that, until a dead letter ends the process. */
import { processor } from 'coatcheck';
import { openService } from 'coatcheck/embedded';

const [file = '', plans = ''] = process.argv.slice(2);
const handler = processor(async (request) => {
  if ((await request.text()) === 'ends the process') process.kill(process.pid, 'SIGKILL');
});
// One at a time, so that one dead letter runs when the process ends.
const service = await openService({ file, processor: handler, settings: { concurrency: 1 } });
if (plans === 'plan') {
  const plan = await service.actions.plan({ action: 'rehearse', filter: { since: 0 } });
  await service.actions.apply(plan.id, plan);
}
