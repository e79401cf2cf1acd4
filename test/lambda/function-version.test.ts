import { expect, test } from 'vitest';
import { withFunctionVersion } from '../../lib/lambda/function-version.ts';

test.each([
  ['a published version names the code', undefined, '42', '42'],
  ['the deployment’s own name wins', '9f86d08', '42', '9f86d08'],
  ['$LATEST names no code', undefined, '$LATEST', undefined],
  ['outside of Lambda nothing names it', undefined, undefined, undefined],
])('%s', (_, handlerVersion, AWS_LAMBDA_FUNCTION_VERSION, expected) => {
  const environment = { serviceName: 'service', handlerVersion };
  expect(withFunctionVersion(environment, { AWS_LAMBDA_FUNCTION_VERSION })).toEqual({
    serviceName: 'service',
    handlerVersion: expected,
  });
});
