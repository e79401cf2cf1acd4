import { expect, test } from 'vitest';
import { serveVariableNames } from '../../../lib/core/config/serve-environment.ts';
import { unknownVariableProblems } from '../../../lib/core/config/unknown-variables.ts';

test.each([
  ['COATCHECK_MAX_ATTEMPT', 'did you mean COATCHECK_MAX_ATTEMPTS?'],
  ['COATCHECK_API_KEY', 'did you mean COATCHECK_API_KEYS?'],
  ['COATCHECK_INPTU', 'did you mean COATCHECK_INPUT?'],
  ['COATCHECK_max_attempts', 'did you mean COATCHECK_MAX_ATTEMPTS?'],
  ['COATCHECK_PORTS', 'did you mean COATCHECK_PORT?'],
  ['COATCHECK_FOO', 'remove it, or look up its name in docs/settings.md'],
])('%s is unknown', (name, remedy) => {
  expect(unknownVariableProblems({ [name]: 'secret' }, serveVariableNames())).toEqual([
    `${name} is set, but nothing reads it: ${remedy}`,
  ]);
});

test.each([
  ['a variable of the program', { COATCHECK_API_KEYS: 'k' }],
  ['variables of other programs', { COATCHECK_INPUT: 'a', COATCHECK_OUTBOX_TO: 'b' }],
  ['a further name', { COATCHECK_OTHER: 'a' }],
  ['variables of others', { PATH: '/bin', COATCHECKS: 'a', MY_COATCHECK_URL: 'b' }],
  [
    'what Kubernetes sets for Services named coatcheck and coatcheck-api',
    {
      COATCHECK_SERVICE_HOST: '10.0.0.1',
      COATCHECK_SERVICE_PORT: '80',
      COATCHECK_API_SERVICE_PORT_HTTP: '80',
      COATCHECK_API_PORT: 'tcp://10.0.0.1:80',
      COATCHECK_API_PORT_80_TCP: 'tcp://10.0.0.1:80',
      COATCHECK_PORT_80_TCP_PROTO: 'tcp',
      COATCHECK_PORT_80_TCP_ADDR: '10.0.0.1',
    },
  ],
])('%s is no problem', (_, variables) => {
  expect(unknownVariableProblems(variables, serveVariableNames(), ['COATCHECK_OTHER'])).toEqual([]);
});
