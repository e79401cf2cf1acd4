import { readFileSync } from 'node:fs';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AsyncService, type AsyncServiceProps } from '../../lib/constructs/index.ts';

/** An existing processor. */
export const ENTRY = 'test/constructs/fixtures/processor.ts';

/**
 * The feature flags of the project's own app. One of them turns findings of the CDK's template validation into
 * errors.
 */
const FLAGS: Readonly<Record<string, unknown>> = JSON.parse(
  readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8'),
).context;

/** An app without bundling, which is slow. @param context what `cdk -c` adds */
export function emptyApp(context: Readonly<Record<string, unknown>> = {}): App {
  return new App({ context: { ...FLAGS, 'aws:cdk:bundling-stacks': [], ...context } });
}

/** A service in a stack of its own, `Stack/Service`. */
export function serviceInApp(props: Partial<AsyncServiceProps> = {}) {
  return serviceIn(new Stack(emptyApp(), 'Stack'), props);
}

/** A service in an existing stack. */
export function serviceIn(stack: Stack, props: Partial<AsyncServiceProps> = {}) {
  const service = new AsyncService(stack, 'Service', { entry: ENTRY, ...props });
  return { stack, service, template: () => Template.fromStack(stack) };
}

/** A resource of a template. Its properties are arbitrary JSON. */
export interface Resource {
  readonly id: string;
  readonly type: string;
  // biome-ignore lint/suspicious/noExplicitAny: assertions look deep into JSON
  readonly properties: any;
  readonly dependsOn: readonly string[];
  readonly deletionPolicy: string | undefined;
}

/** The resources of a template. */
export function resources(template: Template): Resource[] {
  return Object.entries<Record<string, never>>(template.toJSON().Resources).map(([id, json]) => ({
    id,
    type: json.Type ?? '',
    properties: json.Properties ?? {},
    dependsOn: json.DependsOn ?? [],
    deletionPolicy: json.DeletionPolicy,
  }));
}

/** The only resource of a type whose logical id has this prefix. */
export function resource(template: Template, type: string, prefix = ''): Resource {
  const found = resources(template).filter((each) => each.type === type && each.id.startsWith(prefix));
  const [first] = found;
  if (!first || found.length > 1)
    throw new Error(`${found.length} resources of ${type} have the prefix ${prefix}`);
  return first;
}

/** A template value with its references as text: `<Id>`, `<Id.Attribute>`. */
export function readable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(readable);
  if (typeof value !== 'object' || value === null) return value;
  const { Ref: ref, 'Fn::GetAtt': attribute, 'Fn::Join': join } = value as Record<string, unknown>;
  if (typeof ref === 'string') return `<${ref}>`;
  if (Array.isArray(attribute)) return `<${attribute.join('.')}>`;
  if (Array.isArray(join)) return join[1].map(readable).join(join[0]);
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, readable(member)]));
}
