/**
 * The CDK app: one service in one stack.
 *
 *     cdk deploy                               the example processor
 *     cdk deploy -c processor=my/processor.ts  your processor
 *     cdk deploy -c stack=Name                 another stack
 *     cdk deploy -c alarmTopic=ARN             notifies an SNS topic when an alarm fires
 *     cdk deploy -c webhooks=true              sends outcomes to the callback URLs of requests
 *     cdk deploy -c webhooks=URL               also sends outcomes of requests without a callback URL to this URL
 *
 * Callers of the HTTP API need AWS credentials; on an AWS emulator anyone can call it. Otherwise:
 *
 *     cdk deploy -c jwtIssuer=URL -c jwtAudience=NAME [-c tenantClaim=NAME]  callers need a token
 *     cdk deploy -c api=iam|none|off                                         callers need AWS credentials, nothing; no API
 */
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { ConfigurationError } from '../lib/core/base/errors.ts';
import { addService } from './service-stack.ts';

const app = new App();
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));

// A ConfigurationError is printed without its stack.
try {
  addService(app);
} catch (error) {
  if (!(error instanceof ConfigurationError)) throw error;
  console.error(error.message);
  process.exit(1);
}
