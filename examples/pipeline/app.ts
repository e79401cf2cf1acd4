/** The CDK app that GitHub Actions deploys: the service in each environment. */
import { App } from 'aws-cdk-lib';
import { ENVIRONMENTS } from './environments.ts';
import { ServiceStage } from './service-stage.ts';

const app = new App();
for (const [name, env] of Object.entries(ENVIRONMENTS)) new ServiceStage(app, name, { env });
