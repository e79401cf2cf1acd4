#!/usr/bin/env bash
# cfn-lint 1.58.0 reports an error (E3703) in the template of a pipeline of CDK Pipelines (aws-cdk-lib 2.275.0): it asks for
# Fn::Sub where the CDK writes Fn::Join. CloudFormation takes both.
set -euo pipefail
cd "$(mktemp -d)"
npm install --silent --no-audit --no-fund --ignore-scripts --save-exact aws-cdk-lib@2.275.0 constructs@10.8.1
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check cfn-lint==1.58.0
cat > pipeline.cjs <<'JS'
const { App, Stack, Stage } = require('aws-cdk-lib');
const { Topic } = require('aws-cdk-lib/aws-sns');
const { CodePipeline, CodePipelineSource, ShellStep } = require('aws-cdk-lib/pipelines');

const env = { account: '111111111111', region: 'eu-west-1' };
const app = new App({ outdir: 'cdk.out' });
const stack = new Stack(app, 'Pipeline', { env });
const connectionArn = `arn:aws:codeconnections:eu-west-1:111111111111:connection/${'0'.repeat(36)}`;
const input = CodePipelineSource.connection('owner/repository', 'main', { connectionArn });
const pipeline = new CodePipeline(stack, 'Pipeline', {
  synth: new ShellStep('Synth', { input, commands: ['npx cdk synth'] }),
});
const stage = new Stage(app, 'Staging', { env });
new Topic(new Stack(stage, 'Service'), 'Topic');
pipeline.addStage(stage);
app.synth();
JS
node pipeline.cjs
echo "aws-cdk-lib 2.275.0, $(python/bin/cfn-lint --version)"
echo 'expected: no error in a template of the CDK'
python/bin/cfn-lint --regions eu-west-1 --non-zero-exit-code none cdk.out/Pipeline.template.json > report.txt || true
echo "observed: E3703 $(grep -c '^E3703' report.txt) times, $(grep -c '^E' report.txt || true) errors in all"
grep -A1 '^E3703' report.txt | sort -u
test "$(grep -c '^E3703' report.txt)" -gt 0
