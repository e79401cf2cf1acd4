#!/usr/bin/env bash
# The CDK's validator of Control Tower's rules, @cdklabs/cdk-validator-cfnguard 0.0.62, rejects the permission that the CDK
# itself writes for an HTTP API. The permission names its source, but the rule CT.LAMBDA.PR.2 takes an ARN in a template only as
# text, Ref or GetAtt, and the CDK joins it. The permission of an EventBridge rule passes.
set -euo pipefail
cd "$(mktemp -d)"
npm install --silent --no-audit --no-fund --ignore-scripts --save-exact \
  aws-cdk-lib@2.276.0 constructs@10.8.1 @cdklabs/cdk-validator-cfnguard@0.0.62
cat > app.cjs <<'JS'
const { App, Stack } = require('aws-cdk-lib');
const { HttpApi } = require('aws-cdk-lib/aws-apigatewayv2');
const { HttpLambdaIntegration } = require('aws-cdk-lib/aws-apigatewayv2-integrations');
const { Rule, Schedule } = require('aws-cdk-lib/aws-events');
const { LambdaFunction } = require('aws-cdk-lib/aws-events-targets');
const { Code, Function: Fn, Runtime } = require('aws-cdk-lib/aws-lambda');
const { CfnGuardValidator } = require('@cdklabs/cdk-validator-cfnguard');

const app = new App({ policyValidationBeta1: [new CfnGuardValidator()], analyticsReporting: false });
const stack = new Stack(app, 'Stack');
const newFunction = (id) =>
  new Fn(stack, id, {
    runtime: Runtime.NODEJS_22_X,
    handler: 'index.handler',
    code: Code.fromInline('exports.handler = async () => {};'),
  });
new HttpApi(stack, 'Api').addRoutes({
  path: '/orders',
  integration: new HttpLambdaIntegration('Orders', newFunction('Orders')),
});
new Rule(stack, 'Nightly', {
  schedule: Schedule.cron({ hour: '3', minute: '0' }),
  targets: [new LambdaFunction(newFunction('Report'))],
});
try {
  app.synth();
} catch (error) {
  console.error(error.message);
}
JS
echo "@cdklabs/cdk-validator-cfnguard $(node -p "require('@cdklabs/cdk-validator-cfnguard/package.json').version")"
echo 'expected: CT.LAMBDA.PR.2 finds nothing, because both permissions have a SourceArn'
node app.cjs > report.txt 2>&1
grep -A 1 'CT.LAMBDA.PR.2' report.txt | tee observed.txt
grep -q 'Stack/Api/GET--orders\|Stack/Api/ANY--orders' observed.txt
[ "$(grep -c 'CT.LAMBDA.PR.2' observed.txt)" = 1 ]
