import { build, type Metafile } from 'esbuild';
import { expect, test } from 'vitest';
import { ESM_BUNDLING, SPLITTING } from '../../lib/constructs/functions/bundling-options.ts';

const metafiles = new Map<string, Promise<Metafile>>();

/** What the bundle of a function is made of. Each is bundled once. */
function metafileOf(name: string): Promise<Metafile> {
  const known = metafiles.get(name) ?? bundle(name);
  metafiles.set(name, known);
  return known;
}

async function bundle(name: string): Promise<Metafile> {
  const { metafile } = await build({
    ...ESM_BUNDLING,
    ...SPLITTING,
    entryPoints: [`functions/${name}/index.ts`],
    outdir: 'bundle',
    bundle: true,
    platform: 'node',
    format: 'esm',
    banner: { js: ESM_BUNDLING.banner },
    metafile: true,
    write: false,
  });
  return metafile;
}

/** The packages of a scope that a function evaluates when it starts, and all that its bundle has. */
async function packagesOf(name: string, scope: RegExp) {
  const metafile = await metafileOf(name);
  const files = Object.keys(metafile.outputs);
  return {
    atStart: packagesIn(metafile, startedBy(metafile, 'bundle/index.mjs'), scope),
    all: packagesIn(metafile, files, scope),
  };
}

/** A file of a bundle, and those it imports without a condition. */
function startedBy({ outputs }: Metafile, entry: string): string[] {
  const found = new Set([entry]);
  for (const file of found) {
    for (const { path, kind } of outputs[file]?.imports ?? [])
      if (kind === 'import-statement' && path in outputs) found.add(path);
  }
  return [...found];
}

function packagesIn({ outputs }: Metafile, files: readonly string[], scope: RegExp): string[] {
  const inputs = files.flatMap((file) => Object.keys(outputs[file]?.inputs ?? {}));
  const packages = inputs.map((input) => scope.exec(input)?.[1]);
  return [...new Set(packages)].filter((name) => name !== undefined).toSorted();
}

test.each(['processor', 'api', 'webhook'])('%s starts without the SDK of OpenTelemetry', async (name) => {
  const { atStart, all } = await packagesOf(name, /@opentelemetry\/([^/]+)/);
  expect(atStart).toEqual(['api']);
  expect(all).toEqual(
    expect.arrayContaining(['exporter-trace-otlp-proto', 'otlp-transformer', 'resources', 'sdk-trace-node']),
  );
});

test.each(['action', 'api', 'schedule', 'batch'])(
  '%s starts without the client of EventBridge Scheduler',
  async (name) => {
    const { atStart, all } = await packagesOf(name, /@aws-sdk\/(client-[^/]+)/);
    expect(atStart).toEqual(['client-dynamodb', 'client-sqs']);
    expect(all).toContain('client-scheduler');
  },
);

test('the processor starts without the clients that few of its requests or services need', async () => {
  const { atStart, all } = await packagesOf('processor', /@aws-sdk\/(client-[^/]+)/);
  expect(atStart).toEqual(['client-dynamodb', 'client-sqs']);
  expect(all).toEqual(
    expect.arrayContaining(['client-eventbridge', 'client-s3', 'client-secrets-manager', 'client-sns']),
  );
});
