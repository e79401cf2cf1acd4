import { execFile } from 'node:child_process';
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, test } from 'vitest';
import { installPythonTool } from '../../lib/local/python-tool.ts';
import { run } from '../../lib/local/run.ts';
import { readable, resource, resources } from '../constructs/service-in-app.ts';
import { findingsIn, INSTALL_TIMEOUT_MILLISECONDS } from '../support/cfn-lint.ts';
import { hasToolchain } from '../support/peers/toolchain.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const EXAMPLE = 'examples/pipeline';
const WORKFLOWS = ['release.yml', 'deploy.yml'];
const ACTIONLINT = 'github.com/rhysd/actionlint/cmd/actionlint@v1.7.12';

/** Runs an app of the example as the CDK's command line does, and returns its templates by the names of their files. */
async function synthesize(app: string): Promise<ReadonlyMap<string, Template>> {
  const folder = await temporaryFolder();
  const { context } = JSON.parse(await readFile('cdk.json', 'utf8'));
  const { stderr } = await promisify(execFile)(process.execPath, [join(EXAMPLE, app)], {
    env: {
      PATH: process.env.PATH,
      CDK_OUTDIR: folder,
      CDK_CONTEXT_JSON: JSON.stringify({ ...context, 'aws:cdk:bundling-stacks': [] }),
    },
  });
  expect(stderr).toBe('');
  const files = (await readdir(folder, { recursive: true })).filter((file) =>
    file.endsWith('.template.json'),
  );
  const read = async (file: string) =>
    [file, Template.fromJSON(JSON.parse(await readFile(join(folder, file), 'utf8')))] as const;
  return new Map(await Promise.all(files.sort().map(read)));
}

beforeAll(() => installPythonTool('cfn-lint'), INSTALL_TIMEOUT_MILLISECONDS);

test('app.ts synthesizes a service with releases in each environment', async () => {
  const templates = await synthesize('app.ts');
  expect([...templates.keys()]).toEqual([
    expect.stringMatching(/^assembly-production\/productionCsvProfile/),
    expect.stringMatching(/^assembly-staging\/stagingCsvProfile/),
  ]);
  for (const template of templates.values()) template.resourceCountIs('AWS::CodeDeploy::DeploymentGroup', 1);
  const [production] = templates.values();
  expect(await findingsIn(production?.toJSON() ?? {})).toBe('');
});

test('github-roles.ts trusts the repository: main in an environment to deploy, pull requests to compare', async () => {
  const templates = await synthesize('github-roles.ts');
  const issuer = 'token.actions.githubusercontent.com';
  const trust = (conditions: object) => [
    {
      Action: 'sts:AssumeRoleWithWebIdentity',
      Effect: 'Allow',
      Principal: { Federated: expect.stringMatching(/^<GitHub\w+>$/) },
      Condition: { StringEquals: { [`${issuer}:aud`]: 'sts.amazonaws.com', ...conditions } },
    },
  ];
  const repository = 'repo:my-organization@1234567/my-service@987654321';
  for (const [environment, account] of [
    ['staging', '111111111111'],
    ['production', '222222222222'],
  ]) {
    const template = templates.get(`GitHubRoles-${environment}.template.json`);
    if (!template) throw new Error(`no template for ${environment}`);
    const statementsOf = (type: string, prefix: string, document: string) =>
      readable(resource(template, type, prefix).properties[document].Statement);
    expect(statementsOf('AWS::IAM::Role', 'Deploy', 'AssumeRolePolicyDocument')).toEqual(
      trust({
        [`${issuer}:sub`]: `${repository}:environment:${environment}`,
        [`${issuer}:ref`]: 'refs/heads/main',
      }),
    );
    expect(statementsOf('AWS::IAM::Role', 'Diff', 'AssumeRolePolicyDocument')).toEqual(
      trust({ [`${issuer}:sub`]: `${repository}:pull_request` }),
    );
    expect(statementsOf('AWS::IAM::Policy', 'Deploy', 'PolicyDocument')).toEqual([
      {
        Action: 'sts:AssumeRole',
        Effect: 'Allow',
        Resource: ['deploy', 'file-publishing'].map((name) =>
          expect.stringContaining(`:iam::${account}:role/cdk-hnb659fds-${name}-role-${account}-eu-west-1`),
        ),
      },
    ]);
    expect(statementsOf('AWS::IAM::Policy', 'Diff', 'PolicyDocument')).toEqual([
      {
        Action: ['cloudformation:DescribeStacks', 'cloudformation:GetTemplate'],
        Effect: 'Allow',
        Resource: expect.stringContaining(`:eu-west-1:${account}:stack/${environment}-CsvProfile/*`),
      },
    ]);
    expect(await findingsIn(template.toJSON())).toBe('');
  }
});

test('code-pipeline.ts deploys to staging, waits for an approval, then deploys to production', async () => {
  const templates = await synthesize('code-pipeline.ts');
  const services = [...templates].filter(([file]) => file.startsWith('assembly-ReleasePipeline-'));
  expect(services).toHaveLength(2);
  for (const [, service] of services) service.resourceCountIs('AWS::CodeDeploy::DeploymentGroup', 1);
  const template = templates.get('ReleasePipeline.template.json');
  if (!template) throw new Error('no template of the pipeline');
  const { Stages: stages } = resource(template, 'AWS::CodePipeline::Pipeline').properties;
  const order = stages.map(({ Name: name, Actions: actions }: { Name: string; Actions: Action[] }) => [
    name,
    ...actions
      .toSorted((a, b) => a.RunOrder - b.RunOrder)
      .map(({ Name, ActionTypeId: { Category } }) => `${Category} ${Name}`),
  ]);
  expect(order).toEqual([
    ['Source', 'Source my-organization_my-service'],
    ['Build', 'Build Synth'],
    ['UpdatePipeline', 'Build SelfMutate'],
    ['Assets', expect.stringMatching(/^Build /), ...Array(order[3].length - 2).fill(expect.any(String))],
    ['staging', 'Deploy Prepare', 'Deploy Deploy'],
    ['production', 'Approval Promote', 'Deploy CsvProfile.Prepare', 'Deploy CsvProfile.Deploy'],
  ]);
  const rolesOf = (index: number) => JSON.stringify(readable(stages[index].Actions));
  expect(rolesOf(4)).toContain(':iam::111111111111:role/cdk-hnb659fds-deploy-role-111111111111');
  expect(rolesOf(5)).toContain(':iam::222222222222:role/cdk-hnb659fds-deploy-role-222222222222');
  const builds = resources(template).filter(({ type }) => type === 'AWS::CodeBuild::Project');
  expect(builds.length).toBeGreaterThan(2);
  for (const { properties } of builds) expect(JSON.stringify(properties.Source)).toContain('nodejs');
  // It passes on the advice to use Fn::Sub, for the roles that the CDK names.
  expect(await findingsIn(template.toJSON(), ['E3703'])).toBe('');
});

interface Action {
  readonly Name: string;
  readonly RunOrder: number;
  readonly ActionTypeId: { readonly Category: string };
}

const hasGo = await hasToolchain('go');

describe('the workflows', () => {
  /** What actionlint finds in the workflows of a repository. */
  async function lint(edit: (workflow: string) => string = (workflow) => workflow): Promise<string> {
    const folder = await temporaryFolder();
    await mkdir(join(folder, '.git'));
    const workflows = join(folder, '.github', 'workflows');
    await mkdir(workflows, { recursive: true });
    for (const file of WORKFLOWS) {
      await copyFile(join(EXAMPLE, file), join(workflows, file));
      await writeFile(join(workflows, file), edit(await readFile(join(workflows, file), 'utf8')));
    }
    // Without the linters that only some machines have.
    const args = ['run', ACTIONLINT, '-shellcheck=', '-pyflakes=', '-no-color'];
    const { output } = await run('go', args, { cwd: folder });
    return output.replaceAll(/^go: .*\n/gm, '');
  }

  describe.runIf(hasGo)('linted by actionlint', () => {
    test('have no findings', { timeout: INSTALL_TIMEOUT_MILLISECONDS }, async () => {
      expect(await lint()).toBe('');
    });

    test('would have a finding', { timeout: INSTALL_TIMEOUT_MILLISECONDS }, async () => {
      const withoutRunId = (workflow: string) =>
        workflow.replace(/^ +run-id: \$\{\{ github.run_id \}\}\n/m, '');
      expect(await lint(withoutRunId)).toContain('input "run-id" is required by');
    });
  });

  test('pin each action by its commit, and its release in a comment', async () => {
    const texts = await Promise.all(WORKFLOWS.map((file) => readFile(join(EXAMPLE, file), 'utf8')));
    const actions = texts.flatMap((text) => [...text.matchAll(/uses: ([^.\s]\S*)@(.+)/g)]);
    expect(actions.length).toBe(7);
    for (const [, , pin] of actions) expect(pin).toMatch(/^[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    const pins = new Set(actions.map(([, action, pin]) => `${action}@${pin}`));
    expect(pins.size).toBe(new Set(actions.map(([, action]) => action)).size);
  });

  test("use the project's version of the CDK's command line", async () => {
    const { devDependencies } = JSON.parse(await readFile('package.json', 'utf8'));
    const texts = await Promise.all(WORKFLOWS.map((file) => readFile(join(EXAMPLE, file), 'utf8')));
    const versions = texts.flatMap((text) =>
      [...text.matchAll(/aws-cdk@(\S+)/g)].map(([, version]) => version),
    );
    expect(versions).toEqual([devDependencies['aws-cdk'], devDependencies['aws-cdk']]);
  });
});
