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

/** Options for bundling and options a source. */
interface CheckOptions {
  readonly handler?: string;
  readonly minify?: boolean;
  readonly format?: 'esm' | 'cjs';
  readonly secrets?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

function check(contents: string, options: CheckOptions = {}): BundleFindings {
  const { handler = 'handler', minify = true, format = 'esm', secrets = [], environment = {} } = options;
  const folder = mkdtempSync(join(parent, 'bundle-'));
  const outfile = join(folder, format === 'esm' ? 'index.mjs' : 'index.js');
  const stdin = { contents, resolveDir: process.cwd(), loader: 'ts' } as const;
  const external = ['absent'];
  const banner = format === 'esm' ? { js: ESM_BUNDLING.banner } : undefined;
  const common = { minify, external, banner, logLevel: 'error' } as const;
  buildSync({ ...common, stdin, outfile, bundle: true, platform: 'node', format });
  return checkBundle({ folder, entry: 'my/processor.ts', handler, secrets, environment });
}

const PROCESSOR = `import { processor } from 'coatcheck'; export const handler = processor(() => 1);`;

test.each<CheckOptions>([{ minify: true }, { minify: false }, { format: 'cjs' }])(
  'E3: accepts a processor: %j',
  (options) => {
    expect(check(PROCESSOR, options)).toEqual({});
  },
);

test('E4: accepts a wrapper around a processor, as tracing tools create it', () => {
  const wrapped = `
    import { processor } from 'coatcheck';
    const processing = processor(() => 1);
    export const handler = (event, context) => processing(event, context);
  `;
  expect(check(wrapped)).toEqual({});
});

describe('E4: rejects', () => {
  test('a plain function, although the entry exports a processor elsewhere', () => {
    const { error } = check(`
      import { processor } from 'coatcheck';
      export const handler = async () => 1;
      export const other = processor(handler);
    `);
    expect(error).toContain(
      "The export handler of my/processor.ts is a function that processor() didn't return",
    );
    expect(error).toContain('Use: export const handler = processor(yourHandler);');
  });

  test('a missing export', () => {
    expect(check(PROCESSOR, { handler: 'main' }).error).toBe(
      'my/processor.ts has no export main. Use: export const main = processor(yourHandler);',
    );
  });

  test('a folder without a bundle', () => {
    const findings = checkBundle({
      folder: parent,
      entry: 'my/processor.ts',
      handler: 'handler',
      secrets: [],
      environment: {},
    });
    expect(findings.error).toContain('The bundle of my/processor.ts has no index.mjs or index.js');
  });

  test('an entry that fails to import and doesn’t call processor()', () => {
    const { error } = check(`import 'absent'; export const handler = async () => 1;`);
    expect(error).toContain("my/processor.ts doesn't call processor()");
    expect(error).toContain('ERR_MODULE_NOT_FOUND');
  });
});

describe('E3: warns about an entry that fails to import on this machine', () => {
  test.each([
    ['because of a package that only Lambda has', `import 'absent';`, 'ERR_MODULE_NOT_FOUND'],
    [
      'with an error of its author',
      `throw new Error('STRIPE_KEY is missing');`,
      'Error: STRIPE_KEY is missing',
    ],
    [
      'with a rejected promise',
      `Promise.reject(new TypeError('no')); await new Promise(() => {});`,
      'TypeError: no',
    ],
    ['because it exits', `process.exit(3);`, 'its process ended by exit(3)'],
  ])('%s', (_, statement, reason) => {
    const { error, warning } = check(`${PROCESSOR}\n${statement}`);
    expect(error).toBeUndefined();
    expect(warning).toContain(`my/processor.ts can't be imported on this machine`);
    expect(warning).toContain(reason);
  });

  test('and shortens a long error', () => {
    const { warning = '' } = check(`${PROCESSOR}\nthrow new Error('${'x'.repeat(9_000)}');`);
    expect(warning.length).toBeLessThan(1_200);
  });
});

test('E3: imports the entry with the variables of its function and without credentials', () => {
  process.env.AWS_SECRET_ACCESS_KEY = 'secret';
  try {
    const source = `${PROCESSOR}
      if (process.env.TABLE !== 'orders') throw new Error('TABLE');
      if (process.env.AWS_SECRET_ACCESS_KEY) throw new Error('credentials');`;
    expect(check(source, { environment: { TABLE: 'orders', NODE_OPTIONS: '--require absent' } })).toEqual({});
  } finally {
    delete process.env.AWS_SECRET_ACCESS_KEY;
  }
});

test('E3: ignores output and timers of the entry', () => {
  expect(check(`${PROCESSOR}\nconsole.log('{}'); setInterval(() => {}, 1_000);`)).toEqual({});
});

const NAMING = `
  import { processor } from 'coatcheck';
  export const handler = processor({ secrets: ['MODEL_KEY', 'DB'] }, ({ secrets }) => secrets.DB);
`;

test('accepts the secrets that the processor names', () => {
  expect(check(NAMING, { secrets: ['DB', 'MODEL_KEY'] })).toEqual({});
});

test('rejects a service without a secret that the processor names', () => {
  expect(check(NAMING, { secrets: ['DB'] })).toEqual({
    error: 'secrets must have MODEL_KEY, which processor() in my/processor.ts names, got DB',
  });
  expect(check(NAMING).error).toBe(
    'secrets must have MODEL_KEY, DB, which processor() in my/processor.ts names, got none',
  );
});

test('warns of a secret that the processor doesn’t name', () => {
  expect(check(PROCESSOR, { secrets: ['DB'] })).toEqual({
    warning: expect.stringContaining("Use: processor({ secrets: ['DB'] }, …), or remove them"),
  });
});

test('doesn’t know the secrets of a processor in a wrapper', () => {
  const wrapped = `
    import { processor } from 'coatcheck';
    const processing = processor({ secrets: ['DB'] }, () => 1);
    export const handler = (event, context) => processing(event, context);
  `;
  expect(check(wrapped, { secrets: ['OTHER'] })).toEqual({});
});
