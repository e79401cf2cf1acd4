import { readFile } from 'node:fs/promises';
import { CloudFormationClient, DescribeStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import { z } from 'zod';
import { localConfig } from '../../../lib/local/clients.ts';
import type { StackOutputs } from '../../../lib/local/deployment.ts';
import { LOCAL_ACCOUNT, LOCAL_REGION } from '../../../lib/local/environment.ts';
import type { PolicyStatement } from './evaluate.ts';

/** A statement of a synthesized policy, with the ids of the deployed resources. */
export interface DeployedStatement extends PolicyStatement {
  /** The path of the role, or of the resource, that the policy belongs to. */
  readonly owner: string;
  /** Its resources with paths instead of ids, in the same order. */
  readonly places: readonly string[];
}

const oneOrMore = <T extends z.ZodType>(schema: T) =>
  z.union([schema, z.array(schema)]).transform((value) => [value].flat());

/** Strict, so that an element that isn't evaluated is an error, such as NotAction or a managed policy. */
const StatementSchema = z.strictObject({
  Sid: z.string().optional(),
  Effect: z.enum(['Allow', 'Deny']),
  Action: oneOrMore(z.string()),
  Resource: oneOrMore(z.unknown()).optional(),
  Principal: z.union([z.string(), z.record(z.string(), oneOrMore(z.unknown()))]).optional(),
  Condition: z.record(z.string(), z.record(z.string(), oneOrMore(z.unknown()))).default({}),
});

const DocumentSchema = z.object({ Statement: z.array(StatementSchema) });
const ReferenceSchema = z.object({ Ref: z.string() });

const RoleSchema = z.strictObject({ AssumeRolePolicyDocument: DocumentSchema });
const IdentityPolicySchema = z.object({ PolicyDocument: DocumentSchema, Roles: z.array(ReferenceSchema) });
const QueuePolicySchema = z.object({ PolicyDocument: DocumentSchema, Queues: z.array(ReferenceSchema) });
const BucketPolicySchema = z.object({ PolicyDocument: DocumentSchema, Bucket: ReferenceSchema });

const ScheduleGroupSchema = z.object({ Name: z.string() });

const TemplateSchema = z.object({
  Resources: z.record(
    z.string(),
    z.object({
      Type: z.string(),
      Properties: z.unknown().optional(),
      Metadata: z.object({ 'aws:cdk:path': z.string().optional() }).optional(),
    }),
  ),
});
type TemplateResources = z.infer<typeof TemplateSchema>['Resources'];

/** A reference of a template in one form: to an attribute, or to the resource itself. */
type Resolve = (logicalId: string, attribute?: string) => string;

/** A deployed stack: its policies as they were synthesized, with the ids of the deployed resources. */
export class DeployedStack {
  readonly name: string;
  readonly #resources: TemplateResources;
  readonly #ids: ReadonlyMap<string, string>;
  readonly #outputs: StackOutputs;

  private constructor(
    name: string,
    resources: TemplateResources,
    ids: ReadonlyMap<string, string>,
    outputs: StackOutputs,
  ) {
    this.name = name;
    this.#resources = resources;
    this.#ids = ids;
    this.#outputs = outputs;
  }

  /**
   * @param assembly the folder of the synthesized templates
   * @param outputs of all stacks
   */
  static async read(
    name: string,
    endpoint: string,
    assembly: string,
    outputs: StackOutputs,
  ): Promise<DeployedStack> {
    const template = await readFile(`${assembly}/${name}.template.json`, 'utf8');
    const { StackResources = [] } = await new CloudFormationClient(localConfig(endpoint)).send(
      new DescribeStackResourcesCommand({ StackName: name }),
    );
    const ids = StackResources.map(
      ({ LogicalResourceId = '', PhysicalResourceId = '' }) =>
        [LogicalResourceId, PhysicalResourceId] as const,
    );
    const { Resources } = TemplateSchema.parse(JSON.parse(template));
    return new DeployedStack(name, Resources, new Map(ids), outputs);
  }

  /** The roles, by their paths. */
  get roles(): readonly string[] {
    return this.#ofType('AWS::IAM::Role').map(([id]) => this.#pathOf(id));
  }

  /** The resource at a path, or the stream of a table at the path of the table and `/Stream`: undefined if the stack has none. */
  arnOf(path: string): string | undefined {
    const owner = path.replace(/\/Stream$/, '');
    const [id] = Object.keys(this.#resources).filter(
      (each) => this.#pathOf(each) === owner && this.#hasArn(each),
    );
    return id === undefined ? undefined : this.#deployed(id, owner === path ? 'Arn' : 'StreamArn');
  }

  /** The statements of the roles' policies. */
  identityStatements(): DeployedStatement[] {
    return this.#ofType('AWS::IAM::Policy').flatMap(([, properties]) => {
      const { PolicyDocument, Roles } = IdentityPolicySchema.parse(properties);
      return Roles.flatMap(({ Ref }) => this.#statements(PolicyDocument, this.#pathOf(Ref)));
    });
  }

  /** The statements of policies of queues, of buckets, and of roles: who may assume them. */
  resourceStatements(): DeployedStatement[] {
    const ofQueues = this.#ofType('AWS::SQS::QueuePolicy').flatMap(([, properties]) => {
      const { PolicyDocument, Queues } = QueuePolicySchema.parse(properties);
      return Queues.flatMap(({ Ref }) => this.#statements(PolicyDocument, this.#pathOf(Ref)));
    });
    const ofBuckets = this.#ofType('AWS::S3::BucketPolicy').flatMap(([, properties]) => {
      const { PolicyDocument, Bucket } = BucketPolicySchema.parse(properties);
      return this.#statements(PolicyDocument, this.#pathOf(Bucket.Ref));
    });
    const ofRoles = this.#ofType('AWS::IAM::Role').flatMap(([id, properties]) => {
      const { AssumeRolePolicyDocument } = RoleSchema.parse(properties);
      return this.#statements(AssumeRolePolicyDocument, this.#pathOf(id), [{ 'Fn::GetAtt': [id, 'Arn'] }]);
    });
    return [...ofQueues, ...ofBuckets, ...ofRoles];
  }

  #ofType(type: string): [id: string, properties: unknown][] {
    return Object.entries(this.#resources).flatMap(([id, { Type, Properties }]) =>
      Type === type ? [[id, Properties]] : [],
    );
  }

  #statements(
    { Statement }: z.infer<typeof DocumentSchema>,
    owner: string,
    ownResource: readonly unknown[] = [],
  ): DeployedStatement[] {
    return Statement.map(({ Effect, Action, Resource = ownResource, Principal, Condition }) => ({
      owner,
      effect: Effect,
      actions: Action,
      resources: Resource.map((each) => this.#textOf(each, this.#deployed)),
      places: Resource.map((each) => this.#placeOf(each)),
      conditions: mapValues(Condition, (keys) =>
        mapValues(keys, (values) => values.map((value) => this.#textOf(value, this.#deployed))),
      ),
      ...(Principal !== undefined && { principals: this.#principals(Principal) }),
    }));
  }

  #placeOf(resource: unknown): string {
    const place = this.#textOf(resource, (id) => this.#pathOf(id)).replace(ARN_PREFIX, '');
    return place.replace(/(?<=^schedule\/)[^/]+/, (name) => this.#scheduleGroupPath(name) ?? name);
  }

  /** The path of a schedule group. Templates have their names, which differ between stacks, instead of references. */
  #scheduleGroupPath(name: string): string | undefined {
    const [id] =
      this.#ofType('AWS::Scheduler::ScheduleGroup').find(
        ([, properties]) => ScheduleGroupSchema.parse(properties).Name === name,
      ) ?? [];
    return id && this.#pathOf(id);
  }

  #principals(principal: string | Record<string, unknown[]>): string[] {
    if (typeof principal === 'string') return [principal];
    return Object.values(principal).flatMap((values) =>
      values.map((value) => this.#textOf(value, this.#deployed)),
    );
  }

  /** The text of a template's expression. @throws Error for a function that isn't read here */
  #textOf(expression: unknown, resolve: Resolve): string {
    if (typeof expression === 'string') return expression;
    const reference = ReferenceSchema.safeParse(expression).data?.Ref;
    if (reference !== undefined) return PSEUDO[reference] ?? resolve(reference);
    const attribute = AttributeSchema.safeParse(expression).data?.['Fn::GetAtt'];
    if (attribute) return resolve(...attribute);
    const output = OutputSchema.safeParse(expression).data?.['Fn::GetStackOutput'];
    if (output) return this.#outputs[output.StackName]?.[output.OutputName] ?? '';
    const join = JoinSchema.safeParse(expression).data?.['Fn::Join'];
    if (!join) throw new Error(`unknown function of CloudFormation: ${JSON.stringify(expression)}`);
    const [separator, parts] = join;
    return parts.map((part) => this.#textOf(part, resolve)).join(separator);
  }

  /** The path of a resource's construct, without its stack and its last segment: that is the resource itself. */
  #pathOf(id: string): string {
    const path = this.#resources[id]?.Metadata?.['aws:cdk:path'];
    if (path === undefined) throw new Error(`${this.name} has no ${id} with a path`);
    return path
      .split('/')
      .slice(1)
      .join('/')
      .replace(/\/(?:Resource|Default)$/, '');
  }

  #hasArn(id: string): boolean {
    return (this.#resources[id]?.Type ?? '') in ARNS;
  }

  readonly #deployed: Resolve = (logicalId, attribute) => {
    const id = this.#ids.get(logicalId);
    const type = this.#resources[logicalId]?.Type ?? '';
    if (id === undefined) throw new Error(`${this.name} has no deployed ${logicalId}`);
    const isArn = attribute === 'Arn' || type === SECRET;
    // Its last part is the time at which it was enabled.
    if (attribute === 'StreamArn') return `${this.#deployed(logicalId, 'Arn')}/stream/enabled`;
    if (attribute === undefined && !isArn) return id;
    const arn = isArn ? ARNS[type]?.(id) : undefined;
    if (arn === undefined) throw new Error(`unknown ${attribute} of a ${type}`);
    return arn;
  };
}

/** Its `Ref` is its ARN, but the local AWS has its name as its id. */
const SECRET = 'AWS::SecretsManager::Secret';

const ARN_PREFIX = /^arn:[^:]*:[^:]*:[^:]*:[^:]*:/;

const regional = (service: string, resource: string) =>
  `arn:aws:${service}:${LOCAL_REGION}:${LOCAL_ACCOUNT}:${resource}`;

/** ARNs from physical ids, as CloudFormation documents `Ref` and `Fn::GetAtt` of each type. */
const ARNS: Readonly<Record<string, (physicalId: string) => string>> = {
  'AWS::ApiGatewayV2::Api': (id) => regional('execute-api', id),
  'AWS::DynamoDB::GlobalTable': (name) => regional('dynamodb', `table/${name}`),
  'AWS::Events::EventBus': (name) => regional('events', `event-bus/${name}`),
  'AWS::Events::Rule': (name) => (name.startsWith('arn:') ? name : regional('events', `rule/${name}`)),
  'AWS::KMS::Key': (id) => regional('kms', `key/${id}`),
  'AWS::IAM::Role': (name) => `arn:aws:iam::${LOCAL_ACCOUNT}:role/${name}`,
  'AWS::Lambda::EventSourceMapping': (id) => regional('lambda', `event-source-mapping:${id}`),
  'AWS::Lambda::Function': (name) => regional('lambda', `function:${name}`),
  'AWS::Logs::LogGroup': (name) => regional('logs', `log-group:${name}:*`),
  'AWS::S3::Bucket': (name) => `arn:aws:s3:::${name}`,
  'AWS::SQS::Queue': (url) => regional('sqs', url.split('/').at(-1) ?? ''),
  'AWS::Scheduler::ScheduleGroup': (name) => regional('scheduler', `schedule-group/${name}`),
  [SECRET]: (name) => (name.startsWith('arn:') ? name : regional('secretsmanager', `secret:${name}`)),
  'AWS::SNS::Topic': (arn) => arn,
};

const PSEUDO: Readonly<Record<string, string>> = {
  'AWS::AccountId': LOCAL_ACCOUNT,
  'AWS::Partition': 'aws',
  'AWS::Region': LOCAL_REGION,
};

const JoinSchema = z.object({ 'Fn::Join': z.tuple([z.string(), z.array(z.unknown())]) });
const OutputSchema = z.object({
  'Fn::GetStackOutput': z.object({ StackName: z.string(), OutputName: z.string() }),
});
const AttributeSchema = z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.string()]) });

function mapValues<From, To>(
  record: Readonly<Record<string, From>>,
  map: (value: From) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
}
