import { expect, test } from 'vitest';
import { emulatorEndpoint } from '../../lib/constructs/emulated-aws.ts';

test.each([
  ['http://127.0.0.1:4566', 'http://127.0.0.1:4566'],
  ['http://localhost:4566/', 'http://localhost:4566'],
  ['https://localhost.localstack.cloud:4566', 'https://localhost.localstack.cloud:4566'],
  ['http://emulator.amazonaws-tests.example.com', 'http://emulator.amazonaws-tests.example.com'],
])('%s is an emulator', (endpoint, expected) => {
  expect(emulatorEndpoint({ AWS_ENDPOINT_URL: endpoint })).toBe(expected);
});

test.each([
  undefined,
  '',
  '127.0.0.1',
  'https://sts.amazonaws.com',
  'https://STS.Amazonaws.com',
  'https://sts.cn-north-1.amazonaws.com.cn',
  'https://lambda.us-east-1.api.aws',
  'https://lambda.cn-north-1.api.amazonwebservices.com.cn',
  'https://sts.eusc-de-east-1.amazonaws.eu',
  'https://vpce-1-a.sts.us-east-1.vpce.amazonaws.com/',
])('%s isn’t an emulator', (endpoint) => {
  expect(emulatorEndpoint({ AWS_ENDPOINT_URL: endpoint })).toBeUndefined();
});
