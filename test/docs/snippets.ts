import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PROJECT_FOLDER } from '../../lib/local/folder.ts';

/** A fenced block of a page. */
export interface Snippet {
  /** The page's path from the project's folder. */
  readonly page: string;
  /** Where its code begins. */
  readonly line: number;
  /** What stands behind the fence: `ts`, `sh`. */
  readonly language: string;
  readonly code: string;
}

/** A fence at the margin or in a list, to its end. */
const FENCED = /^( *)```(\w*)\n(.*?)^\1```$/gms;

/** The pages that users read. */
export async function readPages(): Promise<ReadonlyMap<string, string>> {
  const files = await Promise.all(['docs', 'examples'].map(listMarkdown));
  const pages = ['README.md', ...files.flat()];
  const texts = await Promise.all(pages.map((page) => readFile(join(PROJECT_FOLDER, page), 'utf8')));
  return new Map(pages.map((page, index) => [page, texts[index] ?? '']));
}

/** The fenced blocks of all pages, as a reader copies them. */
export async function readSnippets(): Promise<Snippet[]> {
  const pages = [...(await readPages())];
  return pages.flatMap(([page, text]) =>
    [...text.matchAll(FENCED)].map(({ index, 1: indent = '', 2: language = '', 3: code = '' }) => ({
      page,
      line: text.slice(0, index).split('\n').length + 1,
      language,
      code: code.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    })),
  );
}

/** The file a snippet is written to, beside its page: `docs/processors.5.ts`. */
export function fileOf({ page, line, language }: Snippet): string {
  return page.replace(/md$/, `${line}.${language}`);
}

async function listMarkdown(folder: string): Promise<string[]> {
  const entries = await readdir(join(PROJECT_FOLDER, folder), { recursive: true });
  return entries
    .filter((entry) => entry.endsWith('.md'))
    .map((entry) => join(folder, entry))
    .sort();
}
