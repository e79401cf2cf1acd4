import { Stack, Stage, type StageProps } from 'aws-cdk-lib';
import { AsyncService } from 'coatcheck/cdk';
import type { Construct } from 'constructs';

/** The service in one environment. Both pipelines deploy it. */
export class ServiceStage extends Stage {
  constructor(scope: Construct, id: string, props: StageProps) {
    super(scope, id, props);
    const stack = new Stack(this, 'CsvProfile');
    new AsyncService(stack, 'Service', { entry: 'examples/csv-profile/processor.ts', release: {} });
  }
}
