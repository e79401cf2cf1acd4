/**
 * The rooms of the project and what each may import. Imports go down only, and never in a circle.
 *
 *     npx depcruise bin examples functions lib
 */

/** Each room of the core may import the rooms above it in this list. */
const CORE = [
  'base',
  'config',
  'model',
  'ports',
  'wire',
  'records',
  'limits',
  'processor',
  'intake',
  'webhooks',
  'operations',
  'engine',
  'operations',
].map((name) => `lib/core/${name}/`);

/** Rooms of the core that know nothing of each other. */
const STRANGERS = [
  ['lib/core/wire/', 'lib/core/limits/'],
  ['lib/core/records/', 'lib/core/limits/'],
  ['lib/core/records/', 'lib/core/processor/'],
  ['lib/core/limits/', 'lib/core/processor/'],
  ['lib/core/limits/', 'lib/core/webhooks/'],
  ['lib/core/processor/', 'lib/core/intake/'],
  ['lib/core/processor/', 'lib/core/webhooks/'],
  ['lib/core/intake/', 'lib/core/webhooks/'],
];

/** Node's modules that the core uses: digests, streams of other makers and content codings. No input, no output. */
const CORE_MODULES = ['crypto', 'events', 'stream', 'timers/promises', 'util/types', 'zlib'];

/** What each other room may import: folders and files of the project, and packages. */
const ROOMS = {
  'lib/planner/': { files: ['lib/core/config/'] },
  'lib/aws/': {
    files: ['base', 'config', 'model', 'ports', 'wire'].map((name) => `lib/core/${name}/`),
    packages: [
      '@aws-crypto/sha256-js/',
      '@aws-sdk/',
      '@opentelemetry/otlp-transformer/',
      '@opentelemetry/sdk-trace-node/',
      '@smithy/signature-v4/',
      '@smithy/types/',
    ],
  },
  'lib/lambda/': {
    files: [
      'lib/aws/',
      'lib/brokers/amqp/message.ts',
      'lib/brokers/kafka/message.ts',
      'lib/core/',
      'lib/api/',
      'lib/tracing/',
    ],
    packages: [
      '@aws-lambda-powertools/',
      '@aws-sdk/client-lambda/',
      '@aws-sdk/credential-provider-env/',
      '@aws-sdk/credential-provider-http/',
      '@opentelemetry/api/',
      '@smithy/core/',
      '@smithy/types/',
      '@types/amqplib/',
      '@types/aws-lambda/',
      'amqplib/',
      'aws-lambda/',
    ],
  },
  'lib/tracing/': { files: ['lib/aws/', 'lib/core/config/'], packages: ['@opentelemetry/'] },
  'lib/http/': { files: ['lib/core/'] },
  'lib/api/': {
    files: ['lib/core/'],
    packages: ['@asteasolutions/zod-to-openapi/', '@opentelemetry/api/', 'hono/', 'zod/'],
  },
  'lib/client/': {
    // Of the limits, only types and the grammar of rates.
    files: [
      ...['base', 'model', 'ports'].map((name) => `lib/core/${name}/`),
      'lib/core/config/limits.ts',
      'lib/core/config/null-problems.ts',
      'lib/core/config/shape.ts',
    ],
    packages: ['@aws-crypto/sha256-js/', '@smithy/signature-v4/'],
  },
  'lib/consumer/': {
    files: ['lib/core/base/', 'lib/core/config/', 'lib/core/model/', 'lib/core/wire/', 'lib/aws/'],
    packages: ['@aws-sdk/client-s3/', '@aws-sdk/client-sqs/'],
  },
  'lib/constructs/': {
    files: [
      'lib/core/base/',
      'lib/core/config/',
      'lib/core/intake/errors.ts',
      'lib/core/intake/payload-bytes.ts',
      'lib/core/intake/schedules.ts',
      'lib/core/model/callback-url.ts',
      'lib/core/model/cron.ts',
      'lib/core/model/event-names.ts',
      'lib/core/model/request-id.ts',
      'lib/core/model/schedule.ts',
      'lib/core/model/scheduler-expression.ts',
      'lib/core/model/topic.ts',
      'lib/core/wire/submission.ts',
      'lib/planner/prices.ts',
    ],
    packages: ['aws-cdk-lib/', 'cdk-nag/', 'constructs/'],
  },
  'lib/stores/': { files: ['base', 'config', 'model', 'ports', 'wire'].map((name) => `lib/core/${name}/`) },
  'lib/testing/': {
    files: [
      'lib/core/',
      'lib/lambda/batch-host.ts',
      'lib/stores/',
      'lib/consumer/outcome.ts',
      'lib/consumer/outcome-result.ts',
    ],
  },
  'lib/brokers/': {
    files: ['base', 'config', 'model', 'ports', 'wire'].map((name) => `lib/core/${name}/`),
    packages: [
      '@google-cloud/pubsub-api/',
      '@nats-io/',
      '@platformatic/kafka/',
      '@redis/client/',
      'amqplib/',
      'google-gax/',
    ],
  },
  'lib/worker/': {
    files: ['lib/core/', 'lib/lambda/powertools-logger.ts'],
    packages: ['prom-client/'],
  },
  'lib/embedded/': {
    files: [
      'lib/api/',
      'lib/consumer/outcome.ts',
      'lib/consumer/outcome-result.ts',
      'lib/core/',
      'lib/http/',
      'lib/lambda/powertools-logger.ts',
      'lib/outbox/',
      'lib/stores/',
      'lib/worker/',
    ],
    packages: ['@aws-lambda-powertools/logger/', '@fastify/busboy/', 'hono/', 'uuid/'],
  },
  'lib/outbox/': {
    files: [
      'lib/aws/lazy-payload-store.ts',
      'lib/brokers/reconnecting-session.ts',
      'lib/client/',
      'lib/core/',
      'lib/stores/sqlite/',
      'lib/stores/sync-file.ts',
    ],
    packages: ['@types/pg/', 'pg/', 'prom-client/', 'uuid/'],
  },
  'lib/console/': {
    files: [
      'lib/client/index.ts',
      'lib/core/config/operator-claim.ts',
      'lib/core/model/action.ts',
      'lib/core/model/request-record.ts',
      'lib/planner/',
      'lib/terminal/',
    ],
    packages: ['diff/', 'hono/', 'oauth4webapi/'],
  },
  'lib/mcp/': {
    files: [
      'lib/client/index.ts',
      'lib/core/base/semaphore.ts',
      'lib/core/model/action.ts',
      'lib/core/model/metadata-name.ts',
      'lib/core/model/request-record.ts',
      'lib/core/model/webhook-state.ts',
      'lib/core/ports/activity-log.ts',
    ],
    packages: ['@modelcontextprotocol/', 'zod/'],
  },
  'lib/terminal/': { files: ['lib/core/base/'] },
  'lib/cli/': {
    files: [
      'lib/aws/',
      'lib/client/index.ts',
      'lib/console/',
      'lib/consumer/index.ts',
      'lib/consumer/options.ts',
      'lib/core/',
      'lib/brokers/',
      'lib/embedded/',
      'lib/http/forward-defaults.ts',
      'lib/http/forward-to.ts',
      'lib/lambda/flush-spans.ts',
      'lib/lambda/load-tracing.ts',
      'lib/lambda/powertools-logger.ts',
      'lib/local/',
      'lib/mcp/',
      'lib/outbox/',
      'lib/planner/',
      'lib/stores/',
      'lib/terminal/',
      'lib/worker/',
    ],
    packages: [
      '@aws-lambda-powertools/logger/',
      '@aws-sdk/client-cloudformation/',
      '@aws-sdk/client-dynamodb/',
      '@aws-sdk/client-s3/',
      '@aws-sdk/client-sqs/',
      '@hono/node-server/',
      'hono/',
      'commander/',
    ],
  },
  'lib/local/': { files: ['lib/aws/', 'lib/core/', 'lib/terminal/'], packages: ['@aws-sdk/'] },
  'functions/': {
    files: [
      'lib/api/',
      'lib/aws/',
      'lib/console/',
      'lib/core/',
      'lib/http/',
      'lib/lambda/',
      'lib/worker/',
      'package.json',
    ],
    packages: [
      '@aws-lambda-powertools/',
      '@standard-schema/spec/',
      '@types/aws-lambda/',
      'aws-lambda/',
      'hono/',
      'uuid/',
    ],
  },
  'bin/': {
    files: ['examples/', 'lib/'],
    packages: ['@aws-sdk/', 'aws-cdk-lib/', 'cdk-nag/', 'constructs/', 'esbuild/'],
  },
  // A user's project has nothing but the package and the CDK.
  'examples/': {
    files: [
      'functions/processor/index.ts',
      'lib/constructs/index.ts',
      'lib/embedded/index.ts',
      'lib/outbox/index.ts',
    ],
    packages: [
      '@hono/node-server/',
      '@types/pg/',
      'aws-cdk-lib/',
      'constructs/',
      'csv-parse/',
      'drizzle-orm/',
      'hono/',
      'kysely/',
      'pg/',
      'postgres/',
    ],
  },
};

/** Rooms without input and output of their own, apart from what their packages do. */
const WITHOUT_IO = ['lib/api/', 'lib/planner/', 'lib/client/'];

const startsWith = (paths) => `^(?:${paths.map(RegExp.escape).join('|')})`;
const inNodeModules = (packages) =>
  packages.map((name) => `^(?:node_modules/)?${RegExp.escape(name.replace(/\/$/, ''))}(?:/|$)`);

/** A rule for a room: it imports itself, these files and these packages. */
function room(folder, files, packages) {
  return {
    name: `what ${folder} imports`,
    severity: 'error',
    from: { path: startsWith([folder]) },
    to: {
      pathNot: [startsWith([folder, ...files]), ...inNodeModules(packages)],
      dependencyTypesNot: ['core'],
    },
  };
}

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    { name: 'no circles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'nothing missing', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no room without a rule',
      severity: 'error',
      from: { path: '^lib/', pathNot: startsWith([...CORE, ...Object.keys(ROOMS)]) },
      to: {},
    },
    ...CORE.map((folder, index) =>
      room(
        folder,
        CORE.slice(0, index).filter((other) => !STRANGERS.some(([a, b]) => a === other && b === folder)),
        [
          '@opentelemetry/api/',
          '@standard-schema/spec/',
          ...(folder === 'lib/core/webhooks/' ? ['ipaddr.js/', 'standardwebhooks/'] : []),
          ...(folder === 'lib/core/operations/' ? ['uuid/'] : []),
        ],
      ),
    ),
    ...Object.entries(ROOMS).map(([folder, { files, packages = [] }]) => room(folder, files, packages)),
    {
      name: 'no input or output in the core',
      severity: 'error',
      from: { path: startsWith(CORE) },
      to: { dependencyTypes: ['core'], pathNot: `^(?:${CORE_MODULES.map(RegExp.escape).join('|')})$` },
    },
    {
      // Jest runs the harness for users' own tests without modules that are loaded on demand: its virtual machines refuse them.
      name: 'no import on demand in the core',
      severity: 'error',
      from: { path: startsWith([...CORE, 'lib/testing/']) },
      to: { dynamic: true },
    },
    ...WITHOUT_IO.map((folder) => ({
      name: `no module of Node in ${folder}`,
      severity: 'error',
      from: { path: startsWith([folder]) },
      to: { dependencyTypes: ['core'] },
    })),
    {
      name: 'no engine in lib/constructs/',
      severity: 'error',
      from: { path: '^lib/constructs/' },
      to: { path: '^lib/core/engine/', reachable: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      exportsFields: ['exports'],
    },
  },
};
