import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PROJECT_FOLDER } from '../../lib/local/folder.ts';
import { runProgram } from '../support/peers/run-program.ts';
import { openServedService } from '../support/served-service.ts';

test('Python writes the items of a batch, and reads the same values in its results', async () => {
  const { url } = await openServedService(async (request) => new Response(await request.text(), JSON_TYPE));
  const program = join(PROJECT_FOLDER, 'test', 'peers', 'python', 'batch_peer.py');
  const output = await runProgram('python3', [program, url]);
  expect(JSON.parse(output)).toEqual({ same: { integer: true, float: true, text: true, list: true } });
});

const JSON_TYPE = { headers: { 'Content-Type': 'application/json' } };
