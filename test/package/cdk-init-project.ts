import { cp, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PROJECT_FOLDER } from '../../lib/local/folder.ts';
import { run } from '../../lib/local/run.ts';

/** What `cdk init app --language typescript` makes a project of. */
const TEMPLATE = join(PROJECT_FOLDER, 'node_modules/aws-cdk/lib/init-templates/app/typescript');

/** Adds a service to the stack of the template, with the queue that the test of the template looks for. */
const SERVICE = `new AsyncService(this, 'Service', {
      entry: 'processor.ts',
      function: { timeout: cdk.Duration.seconds(50) },
      api: {},
    });`;

/**
 * Makes the project that `cdk init` makes, with a service in its stack and the example test of the template turned on,
 * and installs the package with everything that the project asks for, but the programs that the tests don't run.
 * @returns its folder
 */
export async function makeCdkInitProject(parent: string, tarball: string): Promise<string> {
  const folder = join(parent, 'cdk-init');
  await cp(TEMPLATE, folder, { recursive: true });
  const versions = JSON.parse(await readFile(join(TEMPLATE, '../../.init-version.json'), 'utf8'));
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const text = await readFile(file, 'utf8');
    await writeFile(
      file,
      text
        .replaceAll('%name%', 'app')
        .replaceAll('%name.PascalCased%', 'App')
        .replaceAll('%stackname%', 'AppStack')
        .replaceAll('%cdk-version%', versions['aws-cdk-lib'])
        .replaceAll('%constructs-version%', versions.constructs),
    );
    await rename(file, join(dirname(file), entry.name.replace('%name%', 'app').replace('.template', '')));
  }
  await edit(join(folder, 'lib/app-stack.ts'), (text) =>
    text
      .replace("from 'constructs';", "from 'constructs';\nimport { AsyncService } from 'coatcheck/cdk';")
      .replace('// The code that defines your stack goes here', SERVICE),
  );
  await edit(join(folder, 'test/app.test.ts'), (text) => text.replaceAll(/^\/\/(?! example)/gm, ''));
  await edit(join(folder, 'package.json'), (text) => {
    const manifest = JSON.parse(text);
    const { 'aws-cdk': _cli, tsx: _runner, ...devDependencies } = manifest.devDependencies;
    return JSON.stringify({ ...manifest, devDependencies });
  });
  await cp(join(import.meta.dirname, 'cdk-init'), folder, { recursive: true });
  await cp(join(import.meta.dirname, 'runners/processor-test.ts'), join(folder, 'test/processor.test.ts'));
  // Jest's functions are global.
  await edit(join(folder, 'test/processor.test.ts'), (text) =>
    text.replace(/^import .* from 'vitest';$/m, ''),
  );
  await cp(join(PROJECT_FOLDER, 'test/constructs/fixtures/processor.ts'), join(folder, 'processor.ts'));
  await edit(join(folder, 'processor.ts'), (text) => text.replace(/'[./]+\/functions\/.*'/, "'coatcheck'"));
  const { devDependencies: ours } = JSON.parse(await readFile(join(PROJECT_FOLDER, 'package.json'), 'utf8'));
  await installPackages(folder, tarball, `esbuild@${ours.esbuild}`, 'sharp@0.35.5');
  return folder;
}

/** Installs packages with npm into a folder. */
export async function installPackages(folder: string, ...packages: readonly string[]): Promise<void> {
  const options = ['--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund'];
  const { succeeded, output } = await run('npm', ['install', ...options, ...packages], { cwd: folder });
  if (!succeeded) throw new Error(output);
}

async function edit(file: string, change: (text: string) => string): Promise<void> {
  await writeFile(file, change(await readFile(file, 'utf8')));
}
