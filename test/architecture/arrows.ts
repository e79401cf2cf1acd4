import type { Arrows } from './imports.ts';

/** The part of the core that deployments are made with: constants and their checks, nothing that runs. */
const CONTRACT = [
  'limits',
  'settings',
  'variables',
  'environment',
  'errors',
  'record-table',
  'webhooks/callback-url',
  'metric-names',
  'event-names',
  'prices',
  'service-outputs',
  'processor-brand',
  'thrown',
].map((name) => `lib/core/${name}.ts`);

/** How clients of the SDK are to be made, wherever they are. */
const SDK_CLIENTS = ['lib/aws/emulated-aws.ts', 'lib/aws/sqs-client.ts'];

/** The house: which folder may import what. Arrows go down only. */
export const ARROWS: Readonly<Record<string, Arrows>> = {
  'lib/core/': {
    files: ['lib/core/'],
    // Digests, signatures, ranges of addresses, and the number of listeners of a signal: no input, no output.
    modules: ['@standard-schema/spec', 'ipaddr.js', 'node:crypto', 'node:events', 'standardwebhooks'],
  },
  // Streams of other makers, and content codings: no input, no output either.
  ...Object.fromEntries(
    Object.entries({
      'byte-chunks': ['node:stream'],
      'content-coding': ['node:stream', 'node:zlib'],
      'plain-json': ['node:util'],
      'web-bodies': ['node:util'],
    }).map(([name, modules]) => [`lib/core/${name}.ts`, { files: ['lib/core/'], modules }]),
  ),
  ...Object.fromEntries(CONTRACT.map((file) => [file, { files: CONTRACT, modules: [] }])),
  'lib/aws/': {
    files: ['lib/aws/', 'lib/core/'],
    modules: [
      '@aws-lambda-powertools/*',
      '@aws-sdk/*',
      '@smithy/types',
      'aws-lambda',
      'node:crypto',
      'node:dgram',
      'node:events',
      'node:stream',
      'node:timers/promises',
    ],
  },
  // For browsers too: nothing of Node, and of the core what needs nothing either.
  'lib/client/': {
    files: [
      'lib/client/',
      ...[
        'admission/verdict',
        'errors',
        'media-type',
        'outcome',
        'ports',
        'request-links',
        'request-record',
        'thrown',
        'traceparent',
      ].map((name) => `lib/core/${name}.ts`),
    ],
    modules: ['@aws-crypto/sha256-js', '@smithy/signature-v4'],
  },
  'lib/consumer/': {
    files: ['lib/consumer/', 'lib/core/', ...SDK_CLIENTS],
    modules: ['@aws-sdk/client-s3', '@aws-sdk/client-sqs', 'node:timers/promises'],
  },
  'lib/api/': { files: ['lib/api/', 'lib/core/'], modules: ['hono', 'hono/*', '@hono/zod-openapi'] },
  'lib/webhooks/': {
    files: ['lib/webhooks/', 'lib/core/'],
    modules: ['node:dns/promises', 'node:http', 'node:https', 'node:net'],
  },
  'lib/constructs/': {
    files: ['lib/constructs/', ...CONTRACT],
    modules: [
      'aws-cdk-lib',
      'aws-cdk-lib/*',
      'cdk-nag',
      'constructs',
      'node:child_process',
      'node:crypto',
      'node:fs',
      'node:module',
      'node:os',
      'node:path',
      'node:url',
      'node:vm',
    ],
  },
  'lib/cli/': {
    files: [
      'lib/cli/',
      ...SDK_CLIENTS,
      'lib/aws/deployed-services.ts',
      'lib/aws/dynamodb-record-store.ts',
      'lib/aws/function-log.ts',
      'lib/client/index.ts',
      'lib/consumer/index.ts',
      'lib/consumer/options.ts',
      'lib/core/',
      ...['clients', 'environment', 'folder', 'format', 'log-line', 'terminal'].map(
        (name) => `lib/local/${name}.ts`,
      ),
    ],
    modules: [
      '@aws-sdk/client-cloudformation',
      '@aws-sdk/client-dynamodb',
      '@aws-sdk/client-s3',
      '@aws-sdk/client-sqs',
      'commander',
      'node:*',
    ],
  },
  'lib/local/': {
    files: [
      'lib/aws/deployed-services.ts',
      'lib/aws/function-log.ts',
      ...SDK_CLIENTS,
      'lib/local/',
      'lib/core/',
    ],
  },
  'functions/': {
    files: ['functions/', 'lib/api/', 'lib/aws/', 'lib/core/', 'lib/webhooks/'],
    modules: [
      '@aws-lambda-powertools/*',
      '@aws-sdk/*',
      '@standard-schema/spec',
      'aws-lambda',
      'node:timers/promises',
      'uuid',
    ],
  },
  'functions/api/': {
    files: ['functions/api/', 'lib/api/', 'lib/aws/', 'lib/core/'],
    modules: ['@aws-lambda-powertools/*', 'aws-lambda', 'node:buffer', 'node:timers/promises', 'uuid'],
  },
  'bin/': { files: ['bin/', 'examples/', 'lib/cli/', 'lib/constructs/', 'lib/core/', 'lib/local/'] },
  // A user's processor has nothing but the package.
  'examples/': { files: ['examples/'] },
};

/** The folders whose sources are held to {@link ARROWS}. */
export const FOLDERS = ['bin', 'examples', 'functions', 'lib'];
