/** The CDK app with a pipeline on AWS, for teams that deploy without GitHub Actions. */
import { App, Stack } from 'aws-cdk-lib';
import { BuildSpec, LinuxBuildImage } from 'aws-cdk-lib/aws-codebuild';
import { PipelineType } from 'aws-cdk-lib/aws-codepipeline';
import { CodePipeline, CodePipelineSource, ManualApprovalStep, ShellStep } from 'aws-cdk-lib/pipelines';
import { ENVIRONMENTS } from './environments.ts';
import { ServiceStage } from './service-stage.ts';

/** Replace both. Create the connection in the console of CodePipeline, and accept it at GitHub. */
const REPOSITORY = 'my-organization/my-service';
const CONNECTION_ARN =
  'arn:aws:codeconnections:eu-west-1:111111111111:connection/00000000-0000-0000-0000-000000000000';

const { staging, production } = ENVIRONMENTS;
const stack = new Stack(new App(), 'ReleasePipeline', { env: staging });
const pipeline = new CodePipeline(stack, 'Pipeline', {
  pipelineType: PipelineType.V2,
  // Production is another account: it needs the key that encrypts the artifacts.
  crossAccountKeys: true,
  enableKeyRotation: true,
  synth: new ShellStep('Synth', {
    input: CodePipelineSource.connection(REPOSITORY, 'main', { connectionArn: CONNECTION_ARN }),
    commands: ['npm ci', 'npm test', "npx cdk synth --quiet --app 'node examples/pipeline/code-pipeline.ts'"],
  }),
  codeBuildDefaults: {
    buildEnvironment: { buildImage: LinuxBuildImage.STANDARD_7_0 },
    partialBuildSpec: BuildSpec.fromObject({ phases: { install: { 'runtime-versions': { nodejs: '24' } } } }),
  },
});
pipeline.addStage(new ServiceStage(stack, 'staging', { env: staging }));
pipeline.addStage(new ServiceStage(stack, 'production', { env: production }), {
  pre: [new ManualApprovalStep('Promote')],
});
