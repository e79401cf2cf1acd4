import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Duration, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import * as nag from 'cdk-nag';
import { expect, test } from 'vitest';
import type { AsyncServiceProps } from '../../lib/constructs/index.ts';
import { PROJECT_FOLDER } from '../../lib/local/folder.ts';
import { run } from '../../lib/local/run.ts';
import { emptyApp, serviceIn } from '../constructs/service-in-app.ts';
import { INSTALL_TIMEOUT_MILLISECONDS } from '../support/peers/installation.ts';
import { installPythonPeers } from '../support/peers/python.ts';
import { hasToolchain } from '../support/peers/toolchain.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const PACKS = [
  new nag.HIPAASecurityChecks(),
  new nag.NIST80053R4Checks(),
  new nag.NIST80053R5Checks(),
  new nag.PCIDSS321Checks(),
  new nag.ServerlessChecks(),
];

/** A row of the table in docs/security.md. */
interface Row {
  readonly nag: readonly string[];
  readonly checkov: readonly string[];
  /** Begins with `Set` if a prop removes the findings. */
  readonly answer: string;
}

const rows = await readTable();
const removed = rows.filter(({ answer }) => answer.startsWith('Set '));

test("lists the findings of cdk-nag's packs", () => {
  expect(sorted(rows.flatMap((row) => row.nag))).toEqual(nagFindings(plainService()));
});

test("props remove findings of cdk-nag's packs", () => {
  const left = nagFindings(serviceWithProps());
  expect(left.filter((rule) => removed.some((row) => row.nag.includes(rule)))).toEqual([]);
});

test.runIf(await hasToolchain('python'))(
  'lists the findings of Checkov, and props remove them',
  { timeout: INSTALL_TIMEOUT_MILLISECONDS },
  async () => {
    expect(sorted(rows.flatMap((row) => row.checkov))).toEqual(await checkovFindings(plainService()));
    const left = await checkovFindings(serviceWithProps());
    expect(left.filter((rule) => removed.some((row) => row.checkov.includes(rule)))).toEqual([]);
  },
);

const FEATURES: Partial<AsyncServiceProps> = {
  api: { batches: true, actions: true, activity: true, schedules: true },
  webhooks: { endpoints: true },
  output: { fanOut: true },
};
const AUDIT = { every: Duration.days(1) };

function plainService(): Stack {
  return serviceIn(new Stack(emptyApp(), 'Stack'), { ...FEATURES, observability: { audit: AUDIT } }).stack;
}

function serviceWithProps(): Stack {
  const stack = new Stack(emptyApp(), 'Stack');
  const encryptionKey = new Key(stack, 'Key', { enableKeyRotation: true });
  const vpc = Vpc.fromVpcAttributes(stack, 'Vpc', {
    vpcId: 'vpc-12345678',
    availabilityZones: ['us-east-1a'],
    privateSubnetIds: ['subnet-12345678'],
    privateSubnetRouteTableIds: ['rtb-12345678'],
  });
  const alarmTopic = new Topic(stack, 'Alarms', { masterKey: encryptionKey, enforceSSL: true });
  return serviceIn(stack, {
    ...FEATURES,
    encryptionKey,
    function: { vpc },
    observability: { audit: AUDIT, alarmTopic },
  }).stack;
}

/** The rules that packs of cdk-nag find broken, each once: `LambdaDLQ`. Several packs have the same rules. */
function nagFindings(stack: Stack): string[] {
  const violations = PACKS.flatMap((pack) => pack.validateScope(stack).violations);
  return sorted(violations.map(({ ruleName }) => ruleName.slice(ruleName.indexOf('-') + 1)));
}

/** The ids of Checkov's checks that fail, each once. */
async function checkovFindings(stack: Stack): Promise<string[]> {
  const python = await installPythonPeers('checkov');
  const folder = await temporaryFolder();
  const file = join(folder, 'template.json');
  await writeFile(file, JSON.stringify(Template.fromStack(stack).toJSON()));
  const options = [
    '--skip-download',
    '--framework',
    'cloudformation',
    '--compact',
    '--quiet',
    '--soft-fail',
    '--output',
    'json',
  ];
  const { output } = await run(python, [
    '-m',
    'checkov.main',
    '--file',
    file,
    ...options,
    '--output-file-path',
    folder,
  ]);
  const report = await readFile(join(folder, 'results_json.json'), 'utf8').catch(() => {
    throw new Error(output);
  });
  const { results }: { results: { failed_checks: { check_id: string }[] } } = JSON.parse(report);
  return sorted(results.failed_checks.map(({ check_id: id }) => id));
}

async function readTable(): Promise<Row[]> {
  const page = await readFile(join(PROJECT_FOLDER, 'docs/security.md'), 'utf8');
  const [, table = ''] = page.split(/^\| cdk-nag \| Checkov \|.*\n.*\n/m);
  const lines = table.slice(0, table.indexOf('\n\n')).split('\n');
  return lines.map((line) => {
    const [, nagCell = '', checkovCell = '', answer = ''] = line.split('|').map((cell) => cell.trim());
    return { nag: rulesIn(nagCell), checkov: rulesIn(checkovCell), answer };
  });
}

function rulesIn(cell: string): string[] {
  return [...cell.matchAll(/`(\w+)`/g)].map(([, rule = '']) => rule);
}

function sorted(rules: readonly string[]): string[] {
  return [...new Set(rules)].toSorted();
}
