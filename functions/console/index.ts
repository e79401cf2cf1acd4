/**
 * The console behind API Gateway. It has no rights of its own: it calls the API with the token of the operator.
 */
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { createConsole } from '../../lib/console/console.ts';
import { mountConsole } from '../../lib/console/mount-console.ts';
import { OidcAccess, SIGNED_IN } from '../../lib/console/oidc/oidc-access.ts';
import { CONSOLE_PATH, readConsoleEnvironment } from '../../lib/core/config/console-environment.ts';
import { requestOf, resultOf } from '../../lib/lambda/api-gateway-event.ts';
import { createPowertools } from '../../lib/lambda/powertools-logger.ts';
import { mapStackTraces } from '../../lib/lambda/stack-traces.ts';
import manifest from '../../package.json' with { type: 'json' };

mapStackTraces(process.env.LAMBDA_TASK_ROOT);

const logger = createPowertools();
const environment = readConsoleEnvironment(process.env);
const { apiUrl, operatorClaim: claim, operatorValue: value, allowActions: mayAct } = environment;
const access = new OidcAccess({
  ...environment,
  redirectUri: `${apiUrl}${CONSOLE_PATH}${SIGNED_IN}`,
  operators: { claim, value },
  mayAct,
});
const app = mountConsole(
  CONSOLE_PATH,
  createConsole({
    access,
    shell: {
      url: apiUrl,
      cliOptions: ['--api', apiUrl],
      queueOptions: [],
      curlOptions: ['-H "authorization: Bearer $COATCHECK_TOKEN"'],
    },
    version: manifest.version,
    remedy: () =>
      'The API rejects the token of this sign-in: its audience must be one of ApiAuth.jwt(). See scopes and parameters of api: { console } in the CDK.',
    logPlace: 'the log of the console’s function',
    log: (line, caller) => logger.info(line, { ...(caller !== undefined && { caller }) }),
    // API Gateway sends an answer when it is complete.
    streams: false,
  }),
);

/** Handles a call of the console. */
export async function handler(
  event: APIGatewayProxyEventV2,
  context: Context,
): Promise<APIGatewayProxyStructuredResultV2> {
  logger.addContext(context);
  return resultOf(await app.fetch(requestOf(event)));
}
