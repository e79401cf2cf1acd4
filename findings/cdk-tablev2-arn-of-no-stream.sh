#!/usr/bin/env bash
# aws-cdk-lib 2.276.0 gives a TableV2 the ARN of a stream although it has none. An event source takes the table, and the template
# refers to the attribute StreamArn of a table without a stream, so that the deployment fails. A Table without a stream is
# rejected at synthesis.
set -euo pipefail
cd "$(mktemp -d)"
npm install --silent --no-audit --no-fund --ignore-scripts --save-exact aws-cdk-lib@2.276.0 constructs@10.8.1
cat > app.cjs <<'JS'
const { App, Stack } = require('aws-cdk-lib');
const { Template } = require('aws-cdk-lib/assertions');
const { AttributeType, Table, TableV2 } = require('aws-cdk-lib/aws-dynamodb');
const { Code, Function: LambdaFunction, Runtime, StartingPosition } = require('aws-cdk-lib/aws-lambda');
const { DynamoEventSource } = require('aws-cdk-lib/aws-lambda-event-sources');

for (const [name, type] of Object.entries({ Table, TableV2 })) {
  const stack = new Stack(new App(), 'Stack');
  const reader = new LambdaFunction(stack, 'Reader', {
    runtime: Runtime.NODEJS_22_X,
    handler: 'index.handler',
    code: Code.fromInline('exports.handler = async () => {};'),
  });
  const table = new type(stack, 'Table', { partitionKey: { name: 'id', type: AttributeType.STRING } });
  try {
    reader.addEventSource(new DynamoEventSource(table, { startingPosition: StartingPosition.TRIM_HORIZON }));
    const template = Template.fromStack(stack);
    const [mapping] = Object.values(template.findResources('AWS::Lambda::EventSourceMapping'));
    const [resource] = Object.values(template.findResources('AWS::DynamoDB::GlobalTable'));
    const attribute = mapping.Properties.EventSourceArn['Fn::GetAtt'][1];
    console.log(`${name}: added, reads ${attribute}, stream: ${resource.Properties.StreamSpecification}`);
  } catch (error) {
    console.log(`${name}: ${error.message}`);
  }
}
JS
echo "aws-cdk-lib $(node -p "require('aws-cdk-lib/package.json').version")"
echo 'expected: both are rejected'
node app.cjs | tee observed.txt
grep -q '^Table: DynamoDB Streams must be enabled' observed.txt
grep -q '^TableV2: added, reads StreamArn, stream: undefined' observed.txt
