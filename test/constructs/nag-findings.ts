import * as cdk from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { it } from 'vitest';

/** A test with {@link nagFindingsIn}, which an older CDK without validations skips, because cdk-nag 3 needs them. */
export const nagIt = 'Validations' in cdk ? it : it.skip;

/** The ids of the findings of cdk-nag's AwsSolutions rules. */
export function nagFindingsIn(stack: cdk.Stack): string[] {
  return new AwsSolutionsChecks().validateScope(stack).violations.map(({ ruleName }) => ruleName);
}
