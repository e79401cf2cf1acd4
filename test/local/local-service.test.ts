import { join, relative } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { describeServiceOutput } from '../../lib/core/config/service-outputs.ts';
import { PROJECT_FOLDER } from '../../lib/local/folder.ts';
import { deployLocalService, EXAMPLE_PROCESSOR, readProcessor } from '../../lib/local/local-service.ts';
import { ScriptedEndpoint } from '../support/scripted-endpoint.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const MINE = 'test/constructs/fixtures/processor.ts';

describe('E12: the command line of the local modes', () => {
  test('names a processor, or defaults to the example', async () => {
    expect(await readProcessor([])).toBe(EXAMPLE_PROCESSOR);
    expect(await readProcessor(['--processor', MINE])).toBe(MINE);
    expect(await readProcessor([`--processor=${join(PROJECT_FOLDER, MINE)}`])).toBe(MINE);
  });

  test.each([
    [['--processor', 'nowhere.ts'], '--processor must be an existing file, got nowhere.ts'],
    [['--processor', 'examples'], '--processor must be an existing file, got examples'],
    [['--procesor', MINE], 'The only option is --processor FILE'],
    [['--processor'], 'The only option is --processor FILE'],
    [[MINE], 'The only option is --processor FILE'],
  ])('rejects %j', async (args, message) => {
    await expect(readProcessor(args)).rejects.toThrow(message);
  });
});

/** A local AWS with the stack Coatcheck, of a service with this processor or of another app. */
async function awsWith(processor: string | undefined): Promise<ScriptedEndpoint> {
  const Description = describeServiceOutput({ service: 'Service', name: 'ProcessorEntry' });
  const output = `<member><OutputKey>E</OutputKey><OutputValue>${processor}</OutputValue><Description>${Description}</Description></member>`;
  const stack = `<member><StackName>Coatcheck</StackName><Outputs>${processor === undefined ? '' : output}</Outputs></member>`;
  const endpoint = await new ScriptedEndpoint((_, response) => {
    response
      .writeHead(200, { 'content-type': 'text/xml' })
      .end(
        `<DescribeStacksResponse><DescribeStacksResult><Stacks>${stack}</Stacks></DescribeStacksResult></DescribeStacksResponse>`,
      );
  }).start();
  onTestFinished(() => endpoint[Symbol.asyncDispose]());
  return endpoint;
}

async function deployTo({ url }: ScriptedEndpoint, processor: string): Promise<Error> {
  const folder = await temporaryFolder();
  // Aborts as soon as the deployment starts.
  const begun = new AbortController();
  const step = () => {
    begun.abort(new Error('it was begun'));
    return Promise.reject(begun.signal.reason);
  };
  const deploying = deployLocalService({ endpoint: url, processor, folder, step, signal: begun.signal });
  return deploying.then(
    () => new Error('deployed'),
    (error) => error,
  );
}

describe('E12: a processor that someone deployed', () => {
  test('is left unchanged, and the message says how to use it', async () => {
    const aws = await awsWith('my/processor.ts');
    const { message } = await deployTo(aws, EXAMPLE_PROCESSOR);
    expect(message).toBe(
      `The local AWS at ${aws.url} already has the stack Coatcheck, with the processor my/processor.ts. It was left unchanged.
To use that processor, add: -- --processor my/processor.ts
To deploy ${EXAMPLE_PROCESSOR} instead, first restart that local AWS, or set the variables that it printed and run npx cdk destroy.`,
    );
    expect(aws.calls).toHaveLength(1);
  });

  test('of another app is left unchanged', async () => {
    const { message } = await deployTo(await awsWith(undefined), MINE);
    expect(message).toContain(
      'already has the stack Coatcheck, which another app deployed. It was left unchanged.',
    );
  });

  test.each([
    ['the same', 'my/processor.ts', 'my/processor.ts'],
    ['the example', EXAMPLE_PROCESSOR, relative(PROJECT_FOLDER, join(PROJECT_FOLDER, MINE))],
  ])('is replaced if it is %s', async (_, deployed, wanted) => {
    expect((await deployTo(await awsWith(deployed), wanted)).message).toBe('it was begun');
  });
});
