import { CoatcheckError } from '../base/errors.ts';
import type { ItemFile } from '../model/batch-import.ts';

/** Reads objects whose lines are items of batches. */
export interface ItemFiles {
  /** Finds an object. @throws ItemFileUnreadable */
  find(key: string): Promise<ItemFile>;
  /**
   * Reads bytes of an object, whose content must still be the same.
   * @param from, to the first byte, and the one behind the last
   * @throws ItemFileUnreadable
   */
  read(file: ItemFile, from: number, to: number): Promise<Uint8Array>;
}

/** An object can't be read, also when it is tried again: it is missing, not readable for the service, or has changed. */
export class ItemFileUnreadable extends CoatcheckError {
  override readonly name = 'ItemFileUnreadable';
  readonly code: 'manifest_missing' | 'manifest_denied' | 'manifest_changed';

  constructor(code: ItemFileUnreadable['code'], where: string, cause?: unknown) {
    super(`The manifest ${where} ${WHY[code]}`, { cause });
    this.code = code;
  }
}

const WHY: Readonly<Record<ItemFileUnreadable['code'], string>> = {
  manifest_missing: 'doesn’t exist',
  manifest_denied:
    'can’t be read by the service: it doesn’t exist, is archived, or is encrypted with a key that the service can’t use',
  manifest_changed:
    'has been replaced since the import began: import it again, items that are in the batch aren’t added twice',
};
