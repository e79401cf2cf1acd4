import { RemovalPolicy, Size, Stack } from 'aws-cdk-lib';
import { Port, SecurityGroup, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { FileSystem as Efs } from 'aws-cdk-lib/aws-efs';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, FileSystem, LayerVersion } from 'aws-cdk-lib/aws-lambda';
import { describe, expect, it } from 'vitest';
import { nagFindingsIn, nagIt } from '../nag-findings.ts';
import { emptyApp, readable, resource, resources, serviceIn, serviceInApp } from '../service-in-app.ts';

const ALL = { api: {}, webhooks: {} };
const FUNCTIONS = ['ServiceProcessor', 'ServiceApiFunction', 'ServiceWebhooks', 'ServiceCircuitBreaker'];

describe('in a VPC', () => {
  const stack = new Stack(emptyApp(), 'Stack');
  const vpc = new Vpc(stack, 'Vpc');
  const { service, template } = serviceIn(stack, { ...ALL, function: { vpc } });
  const database = new SecurityGroup(stack, 'Database', { vpc });
  database.connections.allowFrom(service, Port.tcp(5432));

  it('every function is in the private subnets, with a security group of its own', () => {
    const groups = FUNCTIONS.map((name) => {
      const { VpcConfig } = resource(template(), 'AWS::Lambda::Function', name).properties;
      expect(readable(VpcConfig.SubnetIds)).toEqual([
        expect.stringMatching(/^<VpcPrivateSubnet1Subnet/),
        expect.stringMatching(/^<VpcPrivateSubnet2Subnet/),
      ]);
      return readable(VpcConfig.SecurityGroupIds);
    });
    expect(groups).toEqual(
      FUNCTIONS.map((name) => [
        expect.stringMatching(new RegExp(`^<${name}\\w*SecurityGroup\\w+\\.GroupId>$`)),
      ]),
    );
  });

  it('every function has the permission to be connected before it is created', () => {
    for (const name of FUNCTIONS) {
      const policy = resource(template(), 'AWS::IAM::Policy', `${name}RoleNetworkInterfaces`);
      expect(policy.properties.PolicyDocument.Statement).toEqual([
        {
          Effect: 'Allow',
          Action: [
            'ec2:AssignPrivateIpAddresses',
            'ec2:CreateNetworkInterface',
            'ec2:DeleteNetworkInterface',
            'ec2:DescribeNetworkInterfaces',
            'ec2:DescribeSubnets',
            'ec2:UnassignPrivateIpAddresses',
          ],
          Resource: '*',
        },
      ]);
      expect(resource(template(), 'AWS::Lambda::Function', name).dependsOn).toContain(policy.id);
    }
  });

  it('a database lets the processor in, and no other function', () => {
    const rules = resources(template()).filter(({ type }) => type === 'AWS::EC2::SecurityGroupIngress');
    expect(rules.map(({ properties }) => readable(properties.SourceSecurityGroupId))).toEqual([
      expect.stringMatching(/^<ServiceProcessorFunctionSecurityGroup\w+\.GroupId>$/),
    ]);
  });
});

nagIt(
  "has no finding of cdk-nag's AwsSolutions rules, and hides none about permissions that the user adds",
  () => {
    const stack = new Stack(emptyApp(), 'Stack');
    const vpc = Vpc.fromVpcAttributes(stack, 'Vpc', {
      vpcId: 'vpc-1',
      availabilityZones: ['eu-central-1a'],
      privateSubnetIds: ['subnet-1'],
    });
    const { service } = serviceIn(stack, { ...ALL, function: { vpc } });
    expect(nagFindingsIn(stack)).toEqual([]);
    service.processorFunction.addToRolePolicy(
      new PolicyStatement({ actions: ['s3:GetObject'], resources: ['*'] }),
    );
    expect(nagFindingsIn(stack)).toEqual(['AwsSolutions-IAM5[Resource::*]']);
  },
);

describe('with everything that can be set', () => {
  const stack = new Stack(emptyApp(), 'Stack');
  const vpc = new Vpc(stack, 'Vpc');
  const efs = new Efs(stack, 'Efs', { vpc, removalPolicy: RemovalPolicy.DESTROY });
  const code = Code.fromAsset('examples/csv-profile');
  const known = 'arn:aws:lambda:eu-central-1:111122223333:layer:known:1';
  const { template } = serviceIn(stack, {
    ...ALL,
    function: {
      vpc,
      vpcSubnets: { subnetType: SubnetType.PUBLIC },
      allowPublicSubnet: true,
      securityGroups: [new SecurityGroup(stack, 'Given', { vpc, allowAllOutbound: false })],
      layers: [
        LayerVersion.fromLayerVersionArn(stack, 'Known', known),
        new LayerVersion(stack, 'Layer', { code, compatibleArchitectures: [Architecture.ARM_64] }),
      ],
      ephemeralStorage: Size.gibibytes(10),
      filesystem: FileSystem.fromEfsAccessPoint(efs.addAccessPoint('Models'), '/mnt/models'),
      reservedConcurrency: 500,
    },
  });

  it('all functions are in the subnets and the security group', () => {
    for (const name of FUNCTIONS) {
      const { VpcConfig } = resource(template(), 'AWS::Lambda::Function', name).properties;
      expect(readable(VpcConfig)).toEqual({
        SubnetIds: [
          expect.stringMatching(/^<VpcPublicSubnet1Subnet/),
          expect.stringMatching(/^<VpcPublicSubnet2Subnet/),
        ],
        SecurityGroupIds: [expect.stringMatching(/^<Given\w+\.GroupId>$/)],
      });
    }
  });

  it('layers, storage, file system and reserved concurrency are those of the processor only', () => {
    const [processor, ...others] = FUNCTIONS.map(
      (name) => resource(template(), 'AWS::Lambda::Function', name).properties,
    );
    expect(readable(processor)).toMatchObject({
      Layers: [known, expect.stringMatching(/^<Layer/)],
      EphemeralStorage: { Size: 10_240 },
      FileSystemConfigs: [{ LocalMountPath: '/mnt/models' }],
      ReservedConcurrentExecutions: 500,
    });
    for (const other of others) {
      for (const name of ['Layers', 'EphemeralStorage', 'FileSystemConfigs', 'ReservedConcurrentExecutions'])
        expect(other).not.toHaveProperty(name);
    }
  });

  it('the processor reaches the file system', () => {
    const [port] = resources(template()).filter(({ type }) => type === 'AWS::EC2::SecurityGroupEgress');
    expect(readable(port?.properties)).toMatchObject({
      GroupId: expect.stringMatching(/^<Given/),
      DestinationSecurityGroupId: expect.stringMatching(/^<Efs/),
      FromPort: 2_049,
      ToPort: 2_049,
    });
  });
});

it('has no connections to configure without a VPC', () => {
  expect(() => serviceInApp().service.connections).toThrow(
    'Stack/Service has no network connections to configure: set the prop function.vpc',
  );
});
