// The way to the database.
import mysql from 'mysql2/promise';

import { unavailable } from './problem.js';

const AWAY = 'The service cannot reach what it needs. Try again in a moment.';

// Of what the server itself refuses, this passes by: too many connections, shutting down, a query that took too long.
const PASSING = ['ER_CON_COUNT_ERROR', 'ER_SERVER_SHUTDOWN', 'ER_QUERY_TIMEOUT', 'ER_QUERY_INTERRUPTED'];

export class Database {
  #pool;
  #timeout;

  /** where is how to connect; reading one page takes timeout milliseconds at most, the wait for a connection included. */
  constructor(where, { connections, timeout }) {
    this.#timeout = timeout;
    this.#pool = mysql.createPool({
      ...where,
      connectionLimit: connections,
      connectTimeout: timeout,
      maxPreparedStatements: 200, // per connection: there are as many forms of a list as names in one
      charset: 'utf8mb4',
      dateStrings: true, // a Date would lose the microseconds
    });
  }

  /** Returns the rows of a SELECT, or throws a Problem where the database is away or too slow. */
  async read(sql, args) {
    let timer;
    let held;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => {
        held?.destroy(); // what it still reads is nobody's any more
        reject(unavailable(AWAY, new Error(`no page within ${this.#timeout} ms`)));
      }, this.#timeout);
    });
    const take = (connection) => (held = connection);
    try {
      return await Promise.race([late, this.#readTwice(sql, args, take)]);
    } catch (error) {
      throw passes(error) ? unavailable(AWAY, error) : error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** A connection of the pool may have been lost since its last use: then once more, on another one. */
  async #readTwice(sql, args, take) {
    try {
      return await this.#readOnce(sql, args, take);
    } catch (error) {
      if (!lost(error)) throw error;
      return this.#readOnce(sql, args, take);
    }
  }

  async #readOnce(sql, args, take) {
    const connection = await this.#pool.getConnection();
    take(connection);
    try {
      const [rows] = await connection.execute(sql, args);
      connection.release();
      return rows;
    } catch (error) {
      if (lost(error)) connection.destroy();
      else connection.release();
      throw error;
    } finally {
      take(undefined);
    }
  }

  /** Throws unless the table is there with the columns that are needed. */
  async check() {
    await this.read('SELECT name, phone, since FROM ums_users LIMIT 0', []);
  }

  async close() {
    await this.#pool.end();
  }
}

/** What the server says has a state; everything else is of the connection. */
const lost = (error) => error instanceof Error && error.sqlState === undefined && error.kind === undefined;
const passes = (error) => lost(error) || PASSING.includes(error.code);
