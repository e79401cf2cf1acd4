/** The measured services, one per scenario, in one stack. */
import { App, CfnOutput, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AsyncService } from '../../lib/constructs/index.ts';
import { SCENARIOS } from './scenarios.ts';

const stack = new Stack(new App(), 'BenchPlan');
for (const { name, batchSize, concurrency, maxConcurrency } of SCENARIOS) {
  const { inputQueue } = new AsyncService(stack, name, {
    entry: 'bench/support/waiting.ts',
    queue: { batchSize, maxConcurrency },
    function: { requestConcurrency: concurrency },
    removalPolicy: RemovalPolicy.DESTROY,
  });
  new CfnOutput(stack, `${name}Queue`, { value: inputQueue.queueUrl });
}
