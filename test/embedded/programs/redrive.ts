/** Opens the service in a file, redrives its dead letters or goes on with that, and handles them, until it is killed. */
import { processor } from 'coatcheck';
import { openService } from 'coatcheck/embedded';

const [file = '', plans = ''] = process.argv.slice(2);
const handler = processor(async (request) => {
  const { number } = (await request.json()) as { readonly number: number };
  console.log(`handled ${number}`);
});
const service = await openService({ file, processor: handler });
if (plans === 'plan') {
  const plan = await service.actions.plan({ action: 'redrive', filter: { since: 0 }, rate: 400 });
  await service.actions.apply(plan.id, plan);
}
console.log('started');
