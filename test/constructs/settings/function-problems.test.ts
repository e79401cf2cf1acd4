import { Stack } from 'aws-cdk-lib';
import { SecurityGroup, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { FileSystem as Efs } from 'aws-cdk-lib/aws-efs';
import { Architecture, Code, FileSystem, LayerVersion, Runtime } from 'aws-cdk-lib/aws-lambda';
import { describe, expect, it } from 'vitest';
import type { ProcessorFunctionProps } from '../../../lib/constructs/index.ts';
import { functionProblems } from '../../../lib/constructs/settings/function-problems.ts';
import { emptyApp } from '../service-in-app.ts';

const stack = new Stack(emptyApp(), 'Stack');
const vpc = new Vpc(stack, 'Vpc');
const code = Code.fromAsset('examples/csv-profile');
const accessPoint = new Efs(stack, 'Efs', { vpc }).addAccessPoint('Models');
const imported = LayerVersion.fromLayerVersionArn(stack, 'Imported', 'arn:aws:lambda:eu-west-1:1:layer:a:1');
const forIntel = new LayerVersion(stack, 'Intel', { code, compatibleArchitectures: [Architecture.X86_64] });
const forPython = new LayerVersion(stack, 'Python', { code, compatibleRuntimes: [Runtime.PYTHON_3_13] });
const group = new SecurityGroup(stack, 'Group', { vpc });
const publicSubnets = { subnetType: SubnetType.PUBLIC };

describe('accepts', () => {
  it.each<[string, ProcessorFunctionProps | undefined]>([
    ['nothing', undefined],
    ['a VPC', { vpc, securityGroups: Array(5).fill(group) }],
    ['public subnets that are intended', { vpc, vpcSubnets: publicSubnets, allowPublicSubnet: true }],
    ['a layer of the architecture', { layers: [forIntel], architecture: Architecture.X86_64 }],
    ['five imported layers', { layers: Array(5).fill(imported) }],
    [
      'a file system in a VPC',
      { vpc, filesystem: FileSystem.fromEfsAccessPoint(accessPoint, '/mnt/a-b_c.d') },
    ],
  ])('%s', (_, props) => {
    expect(functionProblems(props)).toEqual([]);
  });
});

describe('refuses', () => {
  it.each<[ProcessorFunctionProps, string[]]>([
    [
      { vpcSubnets: {}, securityGroups: [group], allowPublicSubnet: true },
      ['vpcSubnets', 'securityGroups', 'allowPublicSubnet'].map(
        (name) => `function.vpc must be set if function.${name} is, got undefined`,
      ),
    ],
    [
      { filesystem: FileSystem.fromEfsAccessPoint(accessPoint, '/mnt/models') },
      ['function.vpc must be set if function.filesystem is, got undefined'],
    ],
    [
      { vpc, vpcSubnets: publicSubnets },
      [
        'function.vpcSubnets must be private subnets, got Stack/Vpc/PublicSubnet1, Stack/Vpc/PublicSubnet2: a function ' +
          'has no public address, so it does not reach the internet from a public subnet. If that is intended, set ' +
          'function.allowPublicSubnet to true',
      ],
    ],
    [{ vpc, vpcSubnets: { subnets: [] } }, ['function.vpcSubnets must select 1 to 16 subnets, got 0']],
    [
      { vpc, vpcSubnets: { subnets: Array(17).fill(vpc.privateSubnets[0]) } },
      ['function.vpcSubnets must select 1 to 16 subnets, got 17'],
    ],
    [
      { vpc, vpcSubnets: { subnetType: SubnetType.PRIVATE_ISOLATED } },
      [expect.stringMatching(/^function\.vpcSubnets must select subnets of function\.vpc: .*Isolated/)],
    ],
    [{ vpc, securityGroups: [] }, ['function.securityGroups must be 1 to 5 security groups, got 0']],
    [
      { vpc, securityGroups: Array(6).fill(group) },
      ['function.securityGroups must be 1 to 5 security groups, got 6'],
    ],
    [{ layers: Array(6).fill(imported) }, ['function.layers must be up to 5 layers, got 6']],
    [
      { layers: [imported, forIntel, forPython] },
      [
        'function.layers[1] must be compatible with arm64 (function.architecture), got x86_64',
        'function.layers[2] must be compatible with nodejs24.x, got python3.13',
      ],
    ],
    [
      { vpc, filesystem: FileSystem.fromEfsAccessPoint(accessPoint, '/models') },
      ['function.filesystem must be mounted at /mnt/ and up to 155 letters, digits and _ . -, got "/models"'],
    ],
  ])('%#', (props, problems) => {
    expect(functionProblems(props)).toEqual(problems);
  });
});
