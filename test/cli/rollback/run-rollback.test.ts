import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { coatcheck } from '../../support/coatcheck.ts';
import { scriptedRelease } from '../../support/scripted-release.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const TEN = 'version 10 (1.4.2, published 2026-11-10T12:00:00.000+0000)';
const NINE = 'version 9 (1.4.1, published 2026-11-09T12:00:00.000+0000)';

describe('without a deployment', () => {
  test('points the alias at the version before, without weights, if it is unchanged since', async () => {
    const { run, changes } = await scriptedRelease({ weights: { '2': 0.25 } });

    const { exitCode, stdout, stderr } = await run('--yes', '--json');

    expect(stderr.split('\n')).toEqual([
      `live: ${TEN}, 25% version 2 (published 2026-11-02T12:00:00.000+0000)`,
      'no deployment runs',
      `would move all traffic to ${NINE}`,
      "live: version 9. CloudFormation doesn't know of this change: deploy code that works next",
      '',
    ]);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      from: { version: '10', weights: { '2': 0.25 } },
      result: 'alias_moved',
      to: '9',
    });
    expect(changes()).toEqual([
      [
        'UpdateAlias',
        {
          FunctionVersion: '9',
          RoutingConfig: { AdditionalVersionWeights: {} },
          RevisionId: 'revision-1',
        },
      ],
    ]);
  });

  test('asks CodeDeploy for deployments of the group that have not ended', async () => {
    const { run, bodyOf } = await scriptedRelease();
    await run('--dry-run');
    expect(JSON.parse(bodyOf('ListDeployments'))).toEqual({
      applicationName: 'application',
      deploymentGroupName: 'group',
      includeOnlyStatuses: ['Created', 'Queued', 'InProgress'],
    });
  });

  test('--to names another version, and --dry-run changes nothing', async () => {
    const { run, changes } = await scriptedRelease();
    const { exitCode, stdout } = await run('--to', '2', '--dry-run');
    expect([exitCode, stdout, changes()]).toEqual([0, '10\t2\talias_moved\n', []]);
  });

  test('a version that already has all traffic', async () => {
    const { run, changes } = await scriptedRelease();
    const { exitCode, stdout, stderr } = await run('--to', '10', '--yes');
    expect([exitCode, stdout]).toEqual([0, '10\t10\tunchanged\n']);
    expect(stderr).toBe(`live: ${TEN}\nit already has all traffic\n`);
    expect(changes()).toEqual([]);
  });

  test('a change since the preview', async () => {
    const { run } = await scriptedRelease({ refusals: { UpdateAlias: 'PreconditionFailedException' } });
    const { exitCode, stdout, stderr } = await run('--yes');
    expect([exitCode, stdout]).toEqual([1, '']);
    expect(stderr).toContain(
      'error: The release changed in the meantime, and nothing was done. Run npx coatcheck rollback again\n',
    );
  });
});

test('stops a deployment, with rollback, and leaves the alias alone', async () => {
  const { run, changes } = await scriptedRelease({
    weights: { '11': 0.1 },
    deployment: ['d-1', 'CloudFormation'],
  });

  const { exitCode, stdout, stderr } = await run('--yes', '--json');

  expect(stderr.split('\n')).toEqual([
    `live: ${TEN}, 10% version 11 (1.5, published 2026-11-11T12:00:00.000+0000)`,
    `would stop the deployment d-1 of CodeDeploy, which then moves all traffic back to ${TEN}`,
    'stopped the deployment d-1; CodeDeploy moves the traffic back',
    '',
  ]);
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toEqual({
    from: { version: '10', weights: { '11': 0.1 } },
    result: 'deployment_stopped',
    deployment: 'd-1',
    to: '10',
  });
  expect(changes()).toEqual([['StopDeployment', { deploymentId: 'd-1', autoRollbackEnabled: true }]]);
});

test.each(['codeDeployRollback', 'CloudFormationRollback'])('a running %s is left alone', async (creator) => {
  const { run, changes } = await scriptedRelease({ deployment: ['d-2', creator] });
  const { exitCode, stderr } = await run('--yes');
  expect([exitCode, changes()]).toEqual([1, []]);
  expect(stderr).toContain('error: CodeDeploy already moves traffic back, by the deployment d-2');
});

test('a deployment that has ended since the preview', async () => {
  const { run } = await scriptedRelease({
    deployment: ['d-1', 'CloudFormation'],
    refusals: { StopDeployment: 'DeploymentAlreadyCompletedException' },
  });
  const { exitCode, stderr } = await run('--yes');
  expect(exitCode).toBe(1);
  expect(stderr).toContain('error: The release changed in the meantime');
});

test('asks on a terminal, and requires --yes without one', async () => {
  const { run, onTerminal, changes } = await scriptedRelease();
  expect(await run()).toEqual({
    exitCode: 2,
    stdout: '',
    stderr: 'error: no terminal to ask for confirmation; pass --yes or --dry-run\n',
  });
  expect((await onTerminal('n\n')).stdout).toContain(`would move all traffic to ${NINE}\nContinue? [y/N]`);
  expect(changes()).toEqual([]);
  expect((await onTerminal('y\n')).stdout).toContain('live: version 9.');
  expect(changes()).toHaveLength(1);
});

describe('reports', () => {
  test('a service without releases, and which prop to set', async () => {
    const { run, operations } = await scriptedRelease({ outputs: { ReleaseAliasName: undefined } });
    const { exitCode, stderr } = await run('--yes');
    expect([exitCode, stderr]).toEqual([
      1,
      'error: The service Orders of the stack Shop has no ReleaseAliasName: it was deployed without releases. Set the prop release of AsyncService, for a processor on Lambda, and deploy it\n',
    ]);
    expect(operations()).toEqual(['DescribeStacks']);
  });

  test('an unknown version, and those that exist', async () => {
    const { run, changes } = await scriptedRelease();
    const { exitCode, stderr } = await run('--to', '7', '--yes');
    expect([exitCode, stderr]).toEqual([1, 'error: There is no version 7: Lambda has 11, 10, 9, 2\n']);
    expect(changes()).toEqual([]);
  });

  test('a version that is no number', async () => {
    const { run, operations } = await scriptedRelease();
    const { exitCode, stderr } = await run('--to', '1.4.1', '--yes');
    expect(exitCode).toBe(2);
    expect(stderr).toContain("It must be the number of a function's version, for example 41.");
    expect(operations()).toEqual([]);
  });

  test('a missing permission', async () => {
    const { run, changes } = await scriptedRelease({
      refusals: { ListDeployments: 'AccessDeniedException' },
    });
    const { exitCode, stderr } = await run('--yes');
    expect([exitCode, changes()]).toEqual([1, []]);
    expect(stderr).toMatch(/^error: AccessDeniedException: .*\n {2}grant the caller this permission/);
  });

  test('a service of this machine', async () => {
    const cwd = await temporaryFolder();
    await mkdir(join(cwd, '.coatcheck'));
    const running = { url: 'http://127.0.0.1:9', pid: process.pid, command: 'dev' };
    await writeFile(join(cwd, '.coatcheck', 'running.json'), JSON.stringify(running));
    const { exitCode, stderr } = await coatcheck(['rollback', '--yes'], { cwd });
    expect([exitCode, stderr]).toEqual([
      1,
      'error: coatcheck dev runs in this folder, and has no releases: it runs the code of its file. For a deployed service, name it with --stack\n',
    ]);
  });
});

test('without CodeDeploy, as on the local AWS, only Lambda is called', async () => {
  const { run, operations } = await scriptedRelease({
    outputs: { ReleaseApplicationName: undefined, ReleaseDeploymentGroupName: undefined },
  });
  expect((await run('--yes')).exitCode).toBe(0);
  expect(operations()).toEqual([
    'DescribeStacks',
    'GetAlias',
    'ListVersionsByFunction',
    'ListVersionsByFunction',
    'UpdateAlias',
  ]);
});
