import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';

import { Database, judge } from '../src/database.js';

/** A pool of one connection, whose statements are answered by the test. */
class Pool {
  pool = new EventEmitter();
  asked = []; // { resolve, reject } of each statement
  destroyed = 0;
  #queue = [];
  #free = true;

  getConnection() {
    return new Promise((resolve) => {
      this.#queue.push(resolve);
      this.#serve();
    });
  }

  #serve() {
    if (!this.#free || this.#queue.length === 0) return;
    this.#free = false;
    this.#queue.shift()(this.#connection());
  }

  #connection() {
    let statement;
    let destroyed = false;
    const back = () => {
      this.#free = true;
      this.#serve();
    };
    return {
      execute: (sql) => new Promise((resolve, reject) => this.asked.push((statement = { sql, resolve, reject }))),
      release: back,
      destroy: () => {
        if (destroyed) return;
        destroyed = true;
        this.destroyed++;
        statement.reject(new Error('the connection was lost'));
        back();
      },
    };
  }
}

function open(timeout) {
  const pool = new Pool();
  let options;
  const database = new Database({}, { connections: 1, timeout }, (given) => ((options = given), pool));
  return { pool, database, options };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));
const late = (milliseconds) => (problem) => problem.kind === 'unavailable' && problem.cause.message === `no page within ${milliseconds} ms`;

test('a page that nobody waits for is read no more, and no other is asked for in its place', async () => {
  const { pool, database } = open(20);
  await assert.rejects(database.read('SELECT 1', []), late(20));
  await settle();
  assert.deepEqual([pool.asked.length, pool.destroyed], [1, 1]);
});

test('who waited for a connection for too long asks nothing when there is one', async () => {
  const { pool, database, options } = open(1000);
  const first = database.read('SELECT 1', []);
  await assert.rejects(database.read('SELECT 2', [], 20), late(20));
  pool.asked[0].resolve([[{ one: 1 }]]);
  assert.deepEqual(await first, [{ one: 1 }]);
  await settle();
  assert.deepEqual(pool.asked.map(({ sql }) => sql), ['SELECT 1']);
  const next = database.read('SELECT 3', []); // the connection went back
  await settle();
  pool.asked[1].resolve([[]]);
  assert.deepEqual(await next, []);
  assert.ok(options.queueLimit > 0, 'a queue without an end');
});

test("the request's time and the own one: the shorter one counts", async () => {
  const { database } = open(20);
  await assert.rejects(database.read('SELECT 1', [], 60_000), late(20));
  await assert.rejects(database.read('SELECT 1', [], 10), late(10));
});

test('a connection that was lost before is no error', async () => {
  const { pool, database } = open(1000);
  const rows = database.read('SELECT 1', []);
  await settle();
  pool.asked[0].reject(new Error('lost'));
  await settle();
  await settle();
  pool.asked[1].resolve([[]]);
  assert.deepEqual(await rows, []);
});

test("the servers' own limits are as good as ours", async () => {
  for (const fault of [{ code: 'ER_QUERY_TIMEOUT', errno: 3024 }, { code: undefined, errno: 1969 }]) {
    const { pool, database } = open(1000);
    const rows = database.read('SELECT 1', []);
    await settle();
    pool.asked[0].reject(Object.assign(new Error('took too long'), { sqlState: 'HY000' }, fault));
    await assert.rejects(rows, { kind: 'unavailable' });
  }
});

test('which schemas will do', () => {
  for (const [version, dirty, floor, fits] of [
    [17, false, 9, true], [9, false, 9, true], [18, false, 9, true], [17, false, 0, true],
    [0, false, 0, false], [8, false, 0, false], [17, true, 9, false], [18, false, 18, false], [18, false, 0, false],
  ]) {
    assert.equal(judge(version, dirty, floor) === '', fits, `version ${version}, dirty ${dirty}, floor ${floor}`);
  }
});
