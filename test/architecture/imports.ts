import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';

/** What a folder's files may import. A name that ends in `/` or `*` stands for everything it begins. */
export interface Arrows {
  /** Files and folders of the project. */
  readonly files: readonly string[];
  /** Packages and Node's own modules; absent where any will do. */
  readonly modules?: readonly string[];
}

/** A source text by its path from the project's folder, with forward slashes. */
export type Sources = Readonly<Record<string, string>>;

/**
 * What a text imports: by statement, by expression, for its types only, or to export it again. Comments don't count.
 * It needs no parser: the formatter leaves imports in few forms.
 */
export function importsOf(text: string): string[] {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
  const imports = code.matchAll(
    /^\s*(?:import|export)\b[^'";]*?\bfrom\s*['"]([^'"\n]+)['"]|^\s*import\s*['"]([^'"\n]+)['"]|\b(?:import|require)\s*\(\s*['"`]([^'"`\n]+)['"`]/gm,
  );
  return [...imports].map(([, from, alone, called]) => from ?? alone ?? called ?? '');
}

/** Every import that no arrow allows, as `importer -> imported`. */
export function forbiddenImports(sources: Sources, arrows: Readonly<Record<string, Arrows>>): string[] {
  return Object.entries(sources).flatMap(([path, text]) => {
    const folder = mostSpecific(path, Object.keys(arrows));
    const allowed = folder === undefined ? undefined : arrows[folder];
    if (!allowed) return [];
    const targets = importsOf(text).map((name) => targetOf(name, path));
    return targets.filter((target) => !isAllowed(target, allowed)).map((target) => `${path} -> ${target}`);
  });
}

/** The TypeScript sources in these folders. */
export async function readSources(root: string, folders: readonly string[]): Promise<Sources> {
  const found = await Promise.all(
    folders.map((folder) => readdir(join(root, folder), { recursive: true, withFileTypes: true })),
  );
  const files = found.flat().filter((entry) => entry.isFile() && /\.(?:ts|js|mjs|cjs)$/.test(entry.name));
  const paths = files.map(({ parentPath, name }) =>
    relative(root, join(parentPath, name)).replaceAll(sep, '/'),
  );
  const texts = await Promise.all(paths.map((path) => readFile(join(root, path), 'utf8')));
  return Object.fromEntries(paths.map((path, index) => [path, texts[index] ?? '']));
}

/** A relative import as a path from the project's folder, any other as it is. */
function targetOf(name: string, importer: string): string {
  return name.startsWith('.') ? join(dirname(importer), name).replaceAll(sep, '/') : name;
}

function isAllowed(target: string, { files, modules }: Arrows): boolean {
  const isFile = target.endsWith('.ts') || target.startsWith('.');
  const names = isFile ? files : modules;
  return names === undefined || names.some((name) => covers(name, target));
}

function covers(name: string, target: string): boolean {
  if (name.endsWith('*')) return target.startsWith(name.slice(0, -1));
  return name.endsWith('/') ? target.startsWith(name) : target === name;
}

function mostSpecific(path: string, folders: readonly string[]): string | undefined {
  const covering = folders.filter((folder) => covers(folder, path));
  return covering.toSorted((a, b) => b.length - a.length)[0];
}
