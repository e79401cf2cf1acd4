import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

/** Editors write a file in several steps, and some replace it. */
const SETTLE_MILLISECONDS = 50;

/** Watches files by their folders, so that it notices a file that an editor replaces. */
export class FileWatcher implements Disposable {
  readonly #onChange: () => void;
  readonly #folders = new Map<string, { readonly watcher: FSWatcher; readonly names: Set<string> }>();
  #timer: NodeJS.Timeout | undefined;

  /** @param onChange called when one or more files have changed */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** Watches a file too. */
  add(file: string): void {
    const folder = dirname(file);
    const watched = this.#folders.get(folder) ?? this.#watch(folder);
    watched.names.add(basename(file));
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    for (const { watcher } of this.#folders.values()) watcher.close();
  }

  #watch(folder: string) {
    const names = new Set<string>();
    const watcher = watch(folder, (_, name) => {
      if (name === null || names.has(name)) this.#changed();
    });
    // The folder was deleted.
    watcher.on('error', () => {});
    const watched = { watcher, names };
    this.#folders.set(folder, watched);
    return watched;
  }

  #changed(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#onChange, SETTLE_MILLISECONDS);
  }
}
