import { expect, test } from 'vitest';
import { CoatcheckClient } from '../../lib/client/index.ts';
import { createConsole } from '../../lib/console/console.ts';
import { openServedService } from '../support/served-service.ts';

test('a console with a client for each call asks once for what does not change', async () => {
  const { url } = await openServedService(undefined, { recordMetadata: ['customer'] });
  const paths: string[] = [];
  const clientOf = () =>
    new CoatcheckClient({
      baseUrl: url,
      fetch: (input, init) => {
        paths.push(new URL(String(input)).pathname);
        return fetch(input, init);
      },
    });
  const served = createConsole({
    access: { guard: (_, next) => next(), clientOf, mayAct: () => false, howToAct: '' },
    shell: { url, cliOptions: [], queueOptions: [], curlOptions: [] },
    version: '1',
    log: () => {},
    logPlace: 'the log of the test',
  });
  for (let view = 0; view < 3; view++) {
    expect(await (await served.request('/requests')).text()).toContain('name="metadata.customer"');
  }
  expect(paths.filter((path) => path === '/v1/requests')).toHaveLength(3);
  expect(paths.filter((path) => path === '/v1/settings')).toHaveLength(1);
});
