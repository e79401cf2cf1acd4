import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ESM_BUNDLING } from '../../../lib/constructs/functions/bundling-options.ts';
import { type BundleFindings, checkBundle } from '../../../lib/constructs/functions/check-bundle.ts';

let parent: string;
beforeAll(() => {
  parent = mkdtempSync(join(tmpdir(), 'check-bundle-'));
});
afterAll(() => rmSync(parent, { recursive: true }));

/** How a source is bundled and checked. */
interface Checking {
  readonly handler?: string;
  readonly minify?: boolean;
  readonly format?: 'esm' | 'cjs';
  readonly environment?: Readonly<Record<string, string>>;
}

function check(contents: string, checking: Checking = {}): BundleFindings {
  const { handler = 'handler', minify = true, format = 'esm', environment = {} } = checking;
  const folder = mkdtempSync(join(parent, 'bundle-'));
  const outfile = join(folder, format === 'esm' ? 'index.mjs' : 'index.js');
  const stdin = { contents, resolveDir: process.cwd(), loader: 'ts' } as const;
  const external = ['absent'];
  const banner = format === 'esm' ? { js: ESM_BUNDLING.banner } : undefined;
  const options = { minify, external, banner, logLevel: 'error' } as const;
  buildSync({ ...options, stdin, outfile, bundle: true, platform: 'node', format });
  return checkBundle({ folder, entry: 'my/processor.ts', handler, environment });
}

const PROCESSOR = `import { processor } from 'coatcheck'; export const handler = processor(() => 1);`;

test.each<Checking>([{ minify: true }, { minify: false }, { format: 'cjs' }])(
  'E3: a processor passes: %j',
  (checking) => {
    expect(check(PROCESSOR, checking)).toEqual({});
  },
);

test('E4: a function that wraps a processor passes, as tools for tracing make it', () => {
  const wrapped = `
    import { processor } from 'coatcheck';
    const processing = processor(() => 1);
    export const handler = (event, context) => processing(event, context);
  `;
  expect(check(wrapped)).toEqual({});
});

describe('E4: what is no processor is refused', () => {
  test('a bare function, though the entry makes a processor elsewhere', () => {
    const { error } = check(`
      import { processor } from 'coatcheck';
      export const handler = async () => 1;
      export const other = processor(handler);
    `);
    expect(error).toContain("my/processor.ts exports as handler a function that processor() didn't return");
    expect(error).toContain('It must say: export const handler = processor(yourHandler);');
  });

  test('a missing export', () => {
    expect(check(PROCESSOR, { handler: 'main' }).error).toBe(
      'my/processor.ts exports no main. It must say: export const main = processor(yourHandler);',
    );
  });

  test('a folder without a bundle', () => {
    const findings = checkBundle({
      folder: parent,
      entry: 'my/processor.ts',
      handler: 'handler',
      environment: {},
    });
    expect(findings.error).toContain('my/processor.ts was bundled into no index.mjs or index.js');
  });

  test('an entry that fails to import and calls no processor()', () => {
    const { error } = check(`import 'absent'; export const handler = async () => 1;`);
    expect(error).toContain("my/processor.ts doesn't call processor()");
    expect(error).toContain('ERR_MODULE_NOT_FOUND');
  });
});

describe('E3: an entry that fails to import on this machine is deployed with a warning', () => {
  test.each([
    ['a package that only Lambda has', `import 'absent';`, 'ERR_MODULE_NOT_FOUND'],
    ['what its author throws', `throw new Error('STRIPE_KEY is missing');`, 'Error: STRIPE_KEY is missing'],
    ['a rejection', `Promise.reject(new TypeError('no')); await new Promise(() => {});`, 'TypeError: no'],
    ['the end of its process', `process.exit(3);`, 'its process ended by exit(3)'],
  ])('%s', (_, statement, reason) => {
    const { error, warning } = check(`${PROCESSOR}\n${statement}`);
    expect(error).toBeUndefined();
    expect(warning).toContain(`my/processor.ts can't be imported on this machine`);
    expect(warning).toContain(reason);
  });

  test('no matter how long the line of code that fails', () => {
    const { warning = '' } = check(`${PROCESSOR}\nthrow new Error('${'x'.repeat(9_000)}');`);
    expect(warning.length).toBeLessThan(1_200);
  });
});

test('E3: an entry sees the variables of its function and no credentials', () => {
  process.env.AWS_SECRET_ACCESS_KEY = 'of the deployer';
  try {
    const source = `${PROCESSOR}
      if (process.env.TABLE !== 'orders') throw new Error('TABLE');
      if (process.env.AWS_SECRET_ACCESS_KEY) throw new Error('credentials');`;
    expect(check(source, { environment: { TABLE: 'orders', NODE_OPTIONS: '--require absent' } })).toEqual({});
  } finally {
    delete process.env.AWS_SECRET_ACCESS_KEY;
  }
});

test('E3: what an entry starts and prints doesn’t matter', () => {
  expect(check(`${PROCESSOR}\nconsole.log('{}'); setInterval(() => {}, 1_000);`)).toEqual({});
});
