import { processor } from 'coatcheck';
import { openService } from 'coatcheck/embedded';

const handler = processor(async (request) => ({ characters: (await request.text()).length }));
await using service = await openService({ file: process.argv[2] ?? '', processor: handler });
const { id } = await service.submit('some text');
const outcome = await service.wait(id, { signal: AbortSignal.timeout(60_000) });
if (outcome.status === 'succeeded') console.log(JSON.stringify(await outcome.result.json()));
