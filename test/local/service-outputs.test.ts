import { expect, test } from 'vitest';
import { serviceOutputs } from '../../lib/local/service-outputs.ts';

const outputs = {
  PayloadBucketName: 'bucket',
  RequestTableName: 'table',
  InputQueueUrl: 'http://127.0.0.1/input',
  OutputQueueUrl: 'http://127.0.0.1/output',
  DeadLetterQueueUrl: 'http://127.0.0.1/dead',
  OutputDeadLetterQueueUrl: 'http://127.0.0.1/output-dead',
  ProcessorFunctionName: 'processor',
  ApiUrl: 'http://127.0.0.1/_aws/execute-api/abc/$default',
};

test('the outputs of a service are picked from its stack', () => {
  expect(serviceOutputs({ Coatcheck: { ...outputs, Another: 'one' } })).toEqual(outputs);
});

test('one that is missing is named', () => {
  const { OutputQueueUrl, ...others } = outputs;
  expect(() => serviceOutputs({ Mine: others }, 'Mine')).toThrow(
    'The stack Mine should have the output OutputQueueUrl',
  );
  expect(() => serviceOutputs({})).toThrow('The stack Coatcheck should have the output PayloadBucketName');
});
