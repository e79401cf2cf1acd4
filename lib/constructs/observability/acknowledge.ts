import * as cdk from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** A finding of a linter that is meant to be so. */
export interface AcknowledgedFinding {
  /** As the linter shows it: `AwsSolutions-S1`. */
  readonly id: string;
  readonly reason: string;
}

/**
 * Acknowledges findings of linters such as cdk-nag 3 about a construct. An older CDK has no validations, and these
 * linters don't run on it.
 */
export function acknowledge(construct: IConstruct, ...findings: readonly AcknowledgedFinding[]): void {
  if ('Validations' in cdk) cdk.Validations.of(construct).acknowledge(...findings);
}
