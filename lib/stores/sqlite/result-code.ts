/** The statement can't be used, for want of a table for example. */
export const SQLITE_ERROR = 1;

/** Another connection holds the lock. */
export const SQLITE_BUSY = 5;

/** A constraint is violated. */
export const SQLITE_CONSTRAINT = 19;

/** The file is no database. */
export const SQLITE_NOTADB = 26;

/**
 * The primary result code of an error of SQLite, which is the low byte of extended codes; undefined for other errors. Deno 2.9.6 gives
 * a code to the errors of prepared statements, and none to those of `exec()`: prepare what may find the file locked.
 */
export function codeOf(error: unknown): number | undefined {
  const isCode = error instanceof Error && 'errcode' in error && typeof error.errcode === 'number';
  return isCode ? Number(error.errcode) & 0xff : undefined;
}
