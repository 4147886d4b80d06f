// The way to the database.
import mysql from 'mysql2/promise';

import { unavailable } from './problem.js';

const AWAY = 'The service cannot reach what it needs. Try again in a moment.';

// Of what the server itself refuses, this passes by: too many connections, shutting down, a query that took too long.
const PASSING = ['ER_CON_COUNT_ERROR', 'ER_SERVER_SHUTDOWN', 'ER_QUERY_TIMEOUT', 'ER_QUERY_INTERRUPTED'];
const MARIADB_TIMEOUT = 1969; // which the driver has no name for

// What this program needs of the schema, and the newest that it knows (the numbers of migrations/mysql).
const REQUIRED = 9;
const KNOWN = 17;

/** How many requests may wait, for each connection: for more there would be no page in time. */
const WAITING = 16;

export class Database {
  #pool;
  #timeout;

  /** where is how to connect; reading one page takes timeout milliseconds at most, the wait for a connection included. */
  constructor(where, { connections, timeout }, createPool = mysql.createPool) {
    this.#timeout = timeout;
    this.#pool = createPool({
      ...where,
      connectionLimit: connections,
      queueLimit: WAITING * connections,
      connectTimeout: timeout,
      maxPreparedStatements: 200, // per connection: there are as many forms of a list as names in one
      charset: 'utf8mb4',
      dateStrings: true, // a Date would lose the microseconds
    });
    // The server ends by itself what nobody waits for any more. Each server takes the comment of its own for a part.
    this.#pool.pool.on('connection', (connection) => {
      connection.query(`SET /*M! max_statement_time = ${timeout / 1000} */ /*!50708 max_execution_time = ${Math.ceil(timeout)} */`);
    });
  }

  /** Returns the rows of a SELECT, or throws a Problem where the database is away or too slow. left is the time that the
   * request has, in milliseconds; it can only shorten that of the constructor. */
  async read(sql, args, left = Infinity) {
    const time = Math.min(this.#timeout, left);
    const turn = { sql, args, held: undefined, over: false };
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => {
        turn.over = true;
        turn.held?.destroy(); // what it still reads is nobody's any more
        reject(unavailable(AWAY, new Error(`no page within ${time} ms`)));
      }, time);
    });
    try {
      return await Promise.race([late, this.#readTwice(turn)]);
    } catch (error) {
      throw passes(error) ? unavailable(AWAY, error) : error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** A connection of the pool may have been lost since its last use: then once more, on another one. */
  async #readTwice(turn) {
    try {
      return await this.#readOnce(turn);
    } catch (error) {
      if (!lost(error) || turn.over) throw error;
      return this.#readOnce(turn);
    }
  }

  async #readOnce(turn) {
    const connection = await this.#pool.getConnection();
    if (turn.over) {
      connection.release(); // to somebody who still waits
      throw new Error('nobody waits for the page any more');
    }
    turn.held = connection;
    try {
      const [rows] = await connection.execute(turn.sql, turn.args);
      connection.release();
      return rows;
    } catch (error) {
      if (lost(error)) connection.destroy();
      else connection.release();
      throw error;
    } finally {
      turn.held = undefined;
    }
  }

  /** Throws unless the schema is one that this program can work with. */
  async check() {
    const [state] = await this.read('SELECT version, dirty FROM schema_migrations LIMIT 1', []);
    const [floor] = await this.read('SELECT min_version FROM ums_schema_floor WHERE id = 1', []);
    const reason = judge(state?.version ?? 0, Boolean(state?.dirty), floor?.min_version ?? 0);
    if (reason) throw new Error(reason);
  }

  async close() {
    await this.#pool.end();
  }
}

/** Why this program cannot work on such a schema, or ''. The floor is how old a program may be; 0 says nothing. */
export function judge(version, dirty, floor) {
  if (dirty) return `a migration to version ${version} is running or was interrupted`;
  if (version < REQUIRED) return `the schema is at version ${version} and this program needs ${REQUIRED}: run \`migrate up\``;
  if (floor > KNOWN || (version > KNOWN && floor === 0)) return `the schema is too new (${version}) for this program, which knows ${KNOWN}`;
  return '';
}

/** What the server says has a state; everything else is of the connection. */
const lost = (error) => error instanceof Error && error.sqlState === undefined && error.kind === undefined;
const passes = (error) => lost(error) || PASSING.includes(error.code) || error.errno === MARIADB_TIMEOUT;
