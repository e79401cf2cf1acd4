import { describe, expect, test } from 'vitest';
import { PROJECT_FOLDER } from '../../lib/local/folder.ts';
import { ARROWS, FOLDERS } from './arrows.ts';
import { forbiddenImports, importsOf, readSources } from './imports.ts';

test('no import goes against the arrows', async () => {
  const sources = await readSources(PROJECT_FOLDER, FOLDERS);
  expect(Object.keys(sources)).toContain('lib/core/engine.ts');
  expect(Object.keys(sources)).toContain('functions/processor/index.ts');
  expect(forbiddenImports(sources, ARROWS)).toEqual([]);
});

test('every folder of the library has its arrows', async () => {
  const sources = await readSources(PROJECT_FOLDER, FOLDERS);
  const folders = Object.keys(ARROWS);
  const free = Object.keys(sources).filter((path) => !folders.some((folder) => path.startsWith(folder)));
  expect(free).toEqual([]);
});

test.each([
  ["import { a } from './a.ts';", './a.ts'],
  ['import a from "./a.ts"', './a.ts'],
  ["import './a.ts';", './a.ts'],
  ["import * as a from 'a/b';", 'a/b'],
  ["import type { A } from '../a.ts';", '../a.ts'],
  ["import {\n  a,\n  type B,\n} from './a.ts';", './a.ts'],
  ["import a, { b } from '@scope/a';", '@scope/a'],
  ["export { a } from './a.ts';", './a.ts'],
  ["export {\n  a,\n} from './a.ts';", './a.ts'],
  ["export * from './a.ts';", './a.ts'],
  ["export type { A } from './a.ts';", './a.ts'],
  ["const a = await import('node:fs');", 'node:fs'],
  ["const a = require('fs');", 'fs'],
  ['const a = await import(`./a.ts`);', './a.ts'],
  ["type A = import('aws-lambda').SQSEvent;", 'aws-lambda'],
  ["/** a */ import './a.ts';", './a.ts'],
  ["  import './a.ts';", './a.ts'],
  ["const x = 5;\nimport './a.ts';", './a.ts'],
])('%s is seen', (text, imported) => {
  expect(importsOf(text)).toEqual([imported]);
});

test.each([
  "// import './a.ts';",
  "/* import './a.ts'; */",
  "/**\n * import { processor } from 'coatcheck';\n */",
  "export const a = 'b';",
  "export function a(b = 'c') {}",
  "const text = 'to import';",
  "throw new Error('imported from nowhere');",
])('%s imports nothing', (text) => {
  expect(importsOf(text)).toEqual([]);
});

describe('a planted import is found:', () => {
  test.each([
    ['lib/core/engine.ts', '../aws/clients.ts', 'lib/aws/clients.ts'],
    ['lib/core/output/raw.ts', '../../constructs/index.ts', 'lib/constructs/index.ts'],
    ['lib/core/engine.ts', '@aws-sdk/client-s3', '@aws-sdk/client-s3'],
    ['lib/core/engine.ts', 'aws-cdk-lib', 'aws-cdk-lib'],
    ['lib/core/engine.ts', 'node:fs', 'node:fs'],
    ['lib/core/engine.ts', 'node:http', 'node:http'],
    ['lib/core/engine.ts', 'node:stream', 'node:stream'],
    ['lib/core/settings.ts', './engine.ts', 'lib/core/engine.ts'],
    ['lib/core/limits.ts', 'node:crypto', 'node:crypto'],
    ['lib/aws/clients.ts', '../constructs/index.ts', 'lib/constructs/index.ts'],
    ['lib/aws/clients.ts', '../local/folder.ts', 'lib/local/folder.ts'],
    ['lib/aws/clients.ts', 'aws-cdk-lib/aws-s3', 'aws-cdk-lib/aws-s3'],
    ['lib/api/app.ts', '../aws/clients.ts', 'lib/aws/clients.ts'],
    ['lib/api/app.ts', '@aws-sdk/client-s3', '@aws-sdk/client-s3'],
    ['lib/api/app.ts', 'node:http', 'node:http'],
    ['lib/core/engine.ts', '../api/app.ts', 'lib/api/app.ts'],
    ['lib/constructs/async-service.ts', '../core/engine.ts', 'lib/core/engine.ts'],
    ['lib/constructs/async-service.ts', '../aws/clients.ts', 'lib/aws/clients.ts'],
    ['lib/constructs/async-service.ts', '@aws-sdk/client-s3', '@aws-sdk/client-s3'],
    ['lib/core/capacity/plan.ts', '../../cli/figures.ts', 'lib/cli/figures.ts'],
    ['lib/core/capacity/plan.ts', 'commander', 'commander'],
    ['lib/cli/program.ts', '../aws/clients.ts', 'lib/aws/clients.ts'],
    ['lib/cli/service.ts', '../client/api.ts', 'lib/client/api.ts'],
    ['lib/cli/deployment.ts', '../local/deployment.ts', 'lib/local/deployment.ts'],
    ['lib/cli/deployment.ts', '@aws-sdk/client-lambda', '@aws-sdk/client-lambda'],
    ['lib/client/client.ts', 'node:crypto', 'node:crypto'],
    ['lib/client/client.ts', '../core/request-id.ts', 'lib/core/request-id.ts'],
    ['lib/client/client.ts', '@aws-sdk/client-s3', '@aws-sdk/client-s3'],
    ['lib/consumer/consume.ts', '../aws/clients.ts', 'lib/aws/clients.ts'],
    ['lib/consumer/consume.ts', '@aws-sdk/lib-storage', '@aws-sdk/lib-storage'],
    ['lib/local/demo/report.ts', '../../aws/clients.ts', 'lib/aws/clients.ts'],
    ['lib/local/demo/report.ts', '../../constructs/index.ts', 'lib/constructs/index.ts'],
    ['functions/processor/index.ts', '../../lib/constructs/index.ts', 'lib/constructs/index.ts'],
    ['functions/processor/index.ts', 'aws-cdk-lib', 'aws-cdk-lib'],
    ['functions/processor/index.ts', '../../test/support/settings.ts', 'test/support/settings.ts'],
    ['bin/app.ts', '../lib/aws/clients.ts', 'lib/aws/clients.ts'],
    ['examples/csv-profile/processor.ts', '../../lib/core/engine.ts', 'lib/core/engine.ts'],
  ])('%s of %s', (importer, name, target) => {
    const sources = { [importer]: `import type { A } from './a.ts';\nimport { b } from '${name}';\n` };
    const found = forbiddenImports(sources, ARROWS).filter((arrow) => !arrow.endsWith('/a.ts'));
    expect(found).toEqual([`${importer} -> ${target}`]);
  });
});
