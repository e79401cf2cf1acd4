import { Token } from 'aws-cdk-lib';
import type { ISubnet } from 'aws-cdk-lib/aws-ec2';
import { CfnLayerVersion, type ILayerVersion } from 'aws-cdk-lib/aws-lambda';
import { messageOf } from '../../core/base/serialize-error.ts';
import {
  LAMBDA_MAX_LAYERS,
  LAMBDA_MAX_SECURITY_GROUPS,
  LAMBDA_MAX_SUBNETS,
} from '../../core/config/aws-limits.ts';
import { DEFAULT_ARCHITECTURE, NODE_24 } from '../functions/node-function.ts';
import type { ProcessorFunctionProps } from './processor-function-props.ts';

/**
 * Where Lambda mounts file systems.
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_FileSystemConfig.html
 */
const MOUNT_PATH = /^\/mnt\/[\w.-]{1,155}$/;

/** Problems with the network, layers and file system of the functions. */
export function functionProblems(props: ProcessorFunctionProps = {}): string[] {
  return [
    ...missingVpcProblems(props),
    ...subnetProblems(props),
    ...securityGroupProblems(props),
    ...layerProblems(props),
    ...filesystemProblems(props),
  ];
}

function missingVpcProblems({ vpc, ...props }: ProcessorFunctionProps): string[] {
  if (vpc) return [];
  return (['vpcSubnets', 'securityGroups', 'allowPublicSubnet', 'filesystem'] as const)
    .filter((name) => props[name])
    .map((name) => `function.vpc must be set if function.${name} is, got undefined`);
}

/** The CDK rejects public subnets too, without the path of the prop. */
function subnetProblems({ vpc, vpcSubnets, allowPublicSubnet }: ProcessorFunctionProps): string[] {
  if (!vpc) return [];
  let subnets: readonly ISubnet[];
  try {
    ({ subnets } = vpc.selectSubnets(vpcSubnets));
  } catch (error) {
    return [`function.vpcSubnets must select subnets of function.vpc: ${messageOf(error)}`];
  }
  const problems: string[] = [];
  if (subnets.length < 1 || subnets.length > LAMBDA_MAX_SUBNETS) {
    problems.push(
      `function.vpcSubnets must select 1 to ${LAMBDA_MAX_SUBNETS} subnets, got ${subnets.length}`,
    );
  }
  const publicIds = new Set(vpc.publicSubnets.map(({ subnetId }) => subnetId));
  const publicSubnets = subnets.filter(({ subnetId }) => publicIds.has(subnetId));
  if (publicSubnets.length > 0 && !allowPublicSubnet) {
    problems.push(
      `function.vpcSubnets must be private subnets, got ${publicSubnets.map(({ node }) => node.path).join(', ')}: ` +
        'a function has no public address, so it does not reach the internet from a public subnet. ' +
        'If that is intended, set function.allowPublicSubnet to true',
    );
  }
  return problems;
}

function securityGroupProblems({ securityGroups }: ProcessorFunctionProps): string[] {
  const count = securityGroups?.length ?? 1;
  if (count >= 1 && count <= LAMBDA_MAX_SECURITY_GROUPS) return [];
  return [`function.securityGroups must be 1 to ${LAMBDA_MAX_SECURITY_GROUPS} security groups, got ${count}`];
}

function layerProblems({
  layers = [],
  architecture = DEFAULT_ARCHITECTURE,
}: ProcessorFunctionProps): string[] {
  const problems: string[] = [];
  if (layers.length > LAMBDA_MAX_LAYERS) {
    problems.push(`function.layers must be up to ${LAMBDA_MAX_LAYERS} layers, got ${layers.length}`);
  }
  for (const [index, layer] of layers.entries()) {
    const path = `function.layers[${index}]`;
    const architectures = architecturesOf(layer);
    if (architectures && !architectures.includes(architecture.name)) {
      problems.push(
        `${path} must be compatible with ${architecture.name} (function.architecture), got ${architectures.join(', ')}`,
      );
    }
    const runtimes = layer.compatibleRuntimes?.map(({ name }) => name);
    if (runtimes && !runtimes.includes(NODE_24.name)) {
      problems.push(`${path} must be compatible with ${NODE_24.name}, got ${runtimes.join(', ')}`);
    }
  }
  return problems;
}

/** The architectures that a layer declares; undefined if it declares none, or is imported. */
function architecturesOf({ node }: ILayerVersion): readonly string[] | undefined {
  const resource = node.defaultChild;
  return resource instanceof CfnLayerVersion ? resource.compatibleArchitectures : undefined;
}

function filesystemProblems({ filesystem }: ProcessorFunctionProps): string[] {
  const path = filesystem?.config.localMountPath;
  if (path === undefined || Token.isUnresolved(path) || MOUNT_PATH.test(path)) return [];
  return [
    `function.filesystem must be mounted at /mnt/ and up to 155 letters, digits and _ . -, got ${JSON.stringify(path)}`,
  ];
}
