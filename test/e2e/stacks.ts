import { inject } from 'vitest';
import { readDeployment } from './deployment.ts';

// Without the setup of the project e2e, which provides the app, nothing is deployed.
if (inject('app') === undefined) throw new Error('run the project e2e too: it deploys the services');

/** The outputs of the deployed stacks. */
export const stacks = await readDeployment();
