#!/usr/bin/env bash
# aws-cdk-lib 2.276.0 names the event source of a topic of MSK by the function and the topic, without the cluster. A function
# that reads topics of the same name in two clusters, as during a move from one to the other, can't be synthesized.
set -euo pipefail
cd "$(mktemp -d)"
npm install --silent --no-audit --no-fund --ignore-scripts --save-exact aws-cdk-lib@2.276.0 constructs@10.8.1
cat > app.cjs <<'JS'
const { App, Stack } = require('aws-cdk-lib');
const { Code, Function: LambdaFunction, Runtime, StartingPosition } = require('aws-cdk-lib/aws-lambda');
const { ManagedKafkaEventSource } = require('aws-cdk-lib/aws-lambda-event-sources');

const stack = new Stack(new App(), 'Stack');
const reader = new LambdaFunction(stack, 'Reader', {
  runtime: Runtime.NODEJS_22_X,
  handler: 'index.handler',
  code: Code.fromInline('exports.handler = async () => {};'),
});
for (const cluster of ['old', 'new']) {
  const clusterArn = `arn:aws:kafka:eu-west-1:111111111111:cluster/${cluster}/751d2973-a626-431c-9d4e-d7975eb44dd7-2`;
  const source = { clusterArn, topic: 'orders', startingPosition: StartingPosition.TRIM_HORIZON };
  try {
    reader.addEventSource(new ManagedKafkaEventSource(source));
    console.log(`${cluster}: added`);
  } catch (error) {
    console.log(`${cluster}: ${error.message}`);
  }
}
JS
echo "aws-cdk-lib $(node -p "require('aws-cdk-lib/package.json').version")"
echo 'expected: both are added'
node app.cjs | tee observed.txt
grep -q '^old: added' observed.txt
grep -q "^new: There is already a Construct with name" observed.txt
