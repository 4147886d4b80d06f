import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { load, Wrong } from '../src/settings.js';

const KEY = Buffer.alloc(32, 1).toString('base64');
const right = { DATABASE_URL: 'mysql://ums:s3cret@tcp(db:3306)/ums', CURSOR_KEYS: KEY };

test('what is not said', () => {
  const { host, port, timeout, shutdownDelay, shutdownTimeout, database } = load(right);
  assert.deepEqual([host, port, timeout, shutdownDelay, shutdownTimeout], [undefined, 8080, 5000, 0, 20_000]);
  assert.deepEqual(database, { user: 'ums', password: 's3cret', host: 'db', port: 3306, database: 'ums', ssl: undefined });
});

test('what is said, also by a file', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'ums-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'database_url');
  writeFileSync(file, 'mysql://u%40x:p%3A%2F@tcp([::1]:3307)/d?tls=true&x-lock=1\n');
  const { host, port, shutdownDelay, cursorKeys, database } = load({
    DATABASE_URL_FILE: file, ADDR: '[::1]:0', SHUTDOWN_DELAY: '1m30s', CURSOR_KEYS: `${KEY}, ${KEY}`,
  });
  assert.deepEqual([host, port, shutdownDelay, cursorKeys.length], ['::1', 0, 90_000, 2]);
  assert.deepEqual(database, { user: 'u@x', password: 'p:/', host: '::1', port: 3307, database: 'd', ssl: {} });
});

test('durations', () => {
  for (const [text, milliseconds] of [['0', 0], ['500ms', 500], ['1.5s', 1500], ['1m30s', 90_000], ['1h', 3_600_000]]) {
    assert.equal(load({ ...right, SHUTDOWN_DELAY: text }).shutdownDelay, milliseconds, text);
  }
});

test('a variable and its file', () => {
  assert.throws(() => load({ ...right, CURSOR_KEYS_FILE: '/no/such/file' }), /CURSOR_KEYS and CURSOR_KEYS_FILE are both set/);
  assert.throws(() => load({ CURSOR_KEYS: KEY, DATABASE_URL_FILE: '/no/such/file' }), /DATABASE_URL_FILE: ENOENT/);
});

test('what is wrong is named, without its value', () => {
  for (const [name, value] of [
    ['DATABASE_URL', ''],
    ['DATABASE_URL', 'sqlite://s3cret/ums.db'],
    ['DATABASE_URL', `${right.DATABASE_URL}?tls=skip-verify`],
    ['DATABASE_URL_FILE', '/no/such/file'],
    ['DATABASE_MAX_CONNECTIONS', '0'],
    ['CURSOR_KEYS', ''],
    ['CURSOR_KEYS', 's3cret'],
    ['CURSOR_KEYS', 'c2hvcnQ='],
    ['ADDR', '8080'],
    ['SEARCH_TIMEOUT', '5'],
    ['SEARCH_TIMEOUT', '1.s'],
  ]) {
    assert.throws(() => load({ ...right, [name]: value }), (error) => {
      assert.ok(error instanceof Wrong);
      return error.message.includes(name.replace('_FILE', '')) && !error.message.includes('s3cret');
    }, `${name}=${value}`);
  }
});
