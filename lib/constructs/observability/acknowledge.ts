import * as cdk from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** A linter finding that is intended. */
export interface AcknowledgedFinding {
  /** The id that the linter prints, for example `AwsSolutions-S1`. */
  readonly id: string;
  readonly reason: string;
}

/**
 * Acknowledges findings of linters such as cdk-nag 3 about a construct. Does nothing on an older CDK that has no
 * validations: these linters don't run there.
 */
export function acknowledge(construct: IConstruct, ...findings: readonly AcknowledgedFinding[]): void {
  if ('Validations' in cdk) cdk.Validations.of(construct).acknowledge(...findings);
}
