import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Cursors } from '../src/cursors.js';

const key = (byte) => Buffer.alloc(32, byte);
const position = { lead: 1662976800000000n, name: 'Krishna Mohan é😀' };

test('a cursor says its position to its own list alone', () => {
  const cursors = new Cursors([key(1)]);
  const cursor = cursors.seal('since 1,2', position);
  assert.match(cursor, /^[A-Za-z0-9_-]+$/);
  assert.deepEqual(cursors.open('since 1,2', cursor), position);
  assert.equal(cursors.open('since 1,3', cursor), null);
  assert.equal(new Cursors([key(2)]).open('since 1,2', cursor), null);
});

test('any change is refused', () => {
  const cursors = new Cursors([key(1)]);
  const cursor = cursors.seal('none', position);
  const altered = [...cursor].flatMap((c, at) => [
    cursor.slice(0, at) + (c === 'A' ? 'B' : 'A') + cursor.slice(at + 1),
    cursor.slice(0, at),
    `${cursor.slice(0, at)}\n${cursor.slice(at)}`,
  ]);
  for (const text of [...altered, `${cursor}=`, `${cursor}A`, cursor + cursor, `${cursor} `]) {
    assert.equal(cursors.open('none', text), null, text);
  }
});

test('keys are changed without breaking a cursor', () => {
  const before = new Cursors([key(1)]).seal('none', position);
  assert.deepEqual(new Cursors([key(2), key(1)]).open('none', before), position);
  const after = new Cursors([key(2), key(1)]).seal('none', position);
  assert.deepEqual(new Cursors([key(2)]).open('none', after), position);
});
