import { Client, type ClientConfig, DatabaseError, Pool, type PoolClient, types } from 'pg';
import { ConfigurationError, StoreUnavailable } from '../../core/base/errors.ts';
import { hideLogin } from '../../core/base/hide-login.ts';
import { messageOf } from '../../core/base/serialize-error.ts';

/** How many batches of rows are relayed at the same time, each in a transaction of its own. Another connection reads the level. */
export const MAX_BATCHES = 2;

/** How long a connection may take to open, and a statement to be answered. */
const CONNECT_TIMEOUT_MILLISECONDS = 10_000;
const STATEMENT_TIMEOUT_MILLISECONDS = 60_000;

/** The type of bytes. @see https://www.postgresql.org/docs/current/catalog-pg-type.html */
const BYTEA = 17;

/** Values as PostgreSQL writes them, whatever their type: JSON isn't parsed, and big integers aren't rounded. */
const AS_TEXT: ClientConfig['types'] = {
  getTypeParser: (oid) => (oid === BYTEA ? types.getTypeParser(BYTEA) : (text: string) => text),
};

/** Errors that don't pass by themselves: no such database, table, column or right, refused logins, and a read-only server. */
const FINAL = ['28000', '28P01', '3D000', '42P01', '42703', '42501', '25006'];

/** Where PostgreSQL is, and what opens connections to it. */
export class PostgresServer {
  /** For logs, without the login. */
  readonly name: string;
  readonly #config: ClientConfig;

  /**
   * @param url a connection URL as `pg` reads it, TLS included
   * @throws ConfigurationError for a URL that `pg` can't read, or that names a file which can't be read
   */
  constructor(url: string) {
    this.name = hideLogin(url);
    this.#config = {
      connectionString: url,
      application_name: 'coatcheck outbox',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MILLISECONDS,
      query_timeout: STATEMENT_TIMEOUT_MILLISECONDS,
      keepAlive: true,
      types: AS_TEXT,
    };
    try {
      this.client();
    } catch (cause) {
      throw new ConfigurationError(`The URL ${this.name} can't be used: ${messageOf(cause)}`, { cause });
    }
  }

  /** A connection of its own, which isn't open yet. */
  client(): Client {
    return new Client(this.#config);
  }

  pool(): Pool {
    const pool = new Pool({ ...this.#config, max: MAX_BATCHES + 1 });
    // One that breaks is replaced when the next is needed. Without these listeners, it would end the process: the pool's is for
    // idle connections, the other for those that wait for a publication. Their next statement fails.
    pool.on('error', () => {});
    pool.on('connect', (client) => client.on('error', () => {}));
    return pool;
  }
}

/** Runs work on a connection. One that failed is closed, since nothing is known about its state. @throws what `work` throws */
export async function withConnection<Value>(
  pool: Pool,
  work: (client: PoolClient) => Promise<Value>,
): Promise<Value> {
  const client = await pool.connect();
  let failure: unknown = true;
  try {
    const value = await work(client);
    failure = undefined;
    return value;
  } finally {
    client.release(failure !== undefined);
  }
}

/**
 * Explains an error that the operator must act on.
 * @param server its name @param table as SQL writes its name
 * @returns a ConfigurationError for what doesn't pass by itself, StoreUnavailable if there is no answer, any other error as it is
 */
export function explained(error: unknown, server: string, table: string): unknown {
  if (!(error instanceof DatabaseError)) return new StoreUnavailable(server, error);
  const { code = '' } = error;
  if (!FINAL.includes(code)) return error;
  return new ConfigurationError(`The outbox can't be used: ${messageOf(error)}${remedyOf(code, table)}`, {
    cause: error,
  });
}

function remedyOf(code: string, table: string): string {
  switch (code) {
    case '42P01':
    case '42703':
      return `. Create ${table}, or add its columns, with: npx coatcheck outbox table --create`;
    case '25006':
      return '. A standby is read-only: connect to the primary server';
    default:
      return '';
  }
}
