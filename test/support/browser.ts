import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { IN_TIME } from './in-time.ts';

/** Debian's Chromium, which .ci/run installs. */
const CHROMIUM = '/usr/bin/chromium';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A browser with a folder of its own, which is deleted with it. */
export interface Browser extends AsyncDisposable {
  readonly context: BrowserContext;
}

/** Starts Chromium. */
export async function startBrowser(
  options: Parameters<typeof chromium.launchPersistentContext>[1] = {},
): Promise<Browser> {
  const folder = await mkdtemp(join(tmpdir(), 'coatcheck-browser-'));
  const context = await chromium.launchPersistentContext(folder, {
    executablePath: CHROMIUM,
    headless: true,
    args: FLAGS,
    timeout: IN_TIME.timeout,
    ...options,
  });
  context.setDefaultTimeout(IN_TIME.timeout);
  return {
    context,
    [Symbol.asyncDispose]: async () => {
      await context.close();
      // Its processes may still write.
      await rm(folder, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** What axe-core finds wrong with the accessibility of a page, a line each. */
export async function accessibilityProblems(page: Page): Promise<readonly string[]> {
  // Evaluated by the debugger, which no policy of the page forbids.
  await page.evaluate(await readFile(AXE, 'utf8'));
  const { violations }: AxeResults = await page.evaluate('axe.run()');
  return violations.flatMap(({ id, help, nodes }) => nodes.map(({ html }) => `${id}: ${help}: ${html}`));
}

interface AxeResults {
  readonly violations: readonly {
    readonly id: string;
    readonly help: string;
    readonly nodes: readonly { readonly html: string }[];
  }[];
}
