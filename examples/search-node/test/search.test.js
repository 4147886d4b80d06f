import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Cursors } from '../src/cursors.js';
import { readQuery, search } from '../src/search.js';

const cursors = new Cursors([Buffer.alloc(32, 1)]);

function refused(raw) {
  try {
    readQuery(raw, cursors);
  } catch (problem) {
    return [problem.kind, ...(problem.errors ?? []).map(({ pointer, code }) => `${pointer} ${code}`)];
  }
  return [];
}

test('every fault of a query is told at once, by its parameter', () => {
  for (const [raw, ...faults] of [
    ['offset=1', '#/offset unknown-parameter'],
    ['=5', '#/ unknown-parameter'],
    ['limit=5&l%69mit=6', '#/limit duplicate-parameter'],
    ['limit', '#/limit not-integer'],
    ['limit=%2B5', '#/limit not-integer'],
    ['limit=99999999999999999999', '#/limit too-large'],
    ['limit=0&phone=1&q=x', '#/q unknown-parameter', '#/limit too-small', '#/phone too-small'],
    ['name_prefix=%zz', '#/name_prefix encoding'],
    ['n%zz=1', '#/n%25zz encoding'],
    ['name_prefix=Krishna%FF', '#/name_prefix encoding'],
    ['name=KrishnaMohan&name=x', '#/name too-short'],
    ['name=KrishnaMohan&'.repeat(101), '#/name too-many'],
    ['phone_prefix=0', '#/phone_prefix format'],
    ['phone_prefix=9731423166123456', '#/phone_prefix too-long'],
    ['since_from=2022-09-12T10:00:00+05:30', '#/since_from format'],
    ['since_from=2022-09-12T10:00:00Z&since_to=2022-09-12T09:59:59Z', '#/since_to too-early'],
    ['x=1&'.repeat(20), ...Array(16).fill('#/x unknown-parameter')],
  ]) {
    assert.deepEqual(refused(raw), ['invalid-parameter', ...faults], raw);
  }
});

test('two filters, and a cursor of another list', () => {
  assert.deepEqual(refused('phone=9731423166&name_prefix=K'), [
    'unsupported-combination', '#/name_prefix combination', '#/phone combination',
  ]);
  assert.deepEqual(refused('since_from=2022-09-12T10:00:00Z&since_to=2022-09-12T10:00:00Z'), []);
  const cursor = cursors.seal('none', { lead: 0n, name: 'KrishnaMohan' });
  assert.deepEqual(refused(`cursor=${cursor}`), []);
  assert.deepEqual(refused(`cursor=${cursor}&name_prefix=K`), ['invalid-cursor']);
  assert.deepEqual(refused('cursor='), ['invalid-cursor']);
});

/** Returns what a query asks the database for, from the beginning or from behind a position. */
function asked(raw, position) {
  const { where, order, args } = readQuery(raw, cursors).list.after(position);
  return [where, order, ...args];
}

test('each list is a range of one index', () => {
  const behind = { lead: 9731423166n, name: 'KrishnaMohan' };
  assert.deepEqual(asked('', undefined), ['name > ?', 'name', '']);
  assert.deepEqual(asked('name_prefix=Kri', undefined).slice(2), ['Kri', 'Krj', 'Kri']);
  assert.deepEqual(asked('name_prefix=Kri', behind).slice(2), ['KrishnaMohan', 'Krj', 'Kri']);
  assert.deepEqual(asked('name=KrishnaMohun&name=KrishnaMohan', behind).slice(2), ['KrishnaMohun']);
  assert.equal(readQuery('name=KrishnaMohan', cursors).list.after(behind), null);
  assert.deepEqual(asked('phone_prefix=9', undefined).slice(2), [
    9_000_000_000, 9_999_999_999, 90_000_000_000, 99_999_999_999, 900_000_000_000, 999_999_999_999, 9_000_000_000_000,
    9_999_999_999_999, 90_000_000_000_000, 99_999_999_999_999, 900_000_000_000_000, 999_999_999_999_999,
  ]);
  assert.deepEqual(asked('phone_prefix=9731423166', behind).slice(1, 6), ['phone, name', 9731423166, 'KrishnaMohan', 9731423166, 9731423166]);
  assert.deepEqual(asked('since_to=2022-09-12T10:00:00Z', undefined).slice(2), ['1000-01-01 00:00:00.000000', '2022-09-12 09:59:59.999999']);
});

test('a page has one user less than was read, and then a link', async () => {
  const since = '2022-09-12 10:00:00.000010';
  const database = {
    read: async (_, args) => ['KrishnaMohan', 'KrishnaMohun'].map((name) => ({ name, phone: 9731423166, since })).slice(0, args.at(-1)),
  };
  const first = await search('name_prefix=Kri&limit=1', cursors, database);
  const { users, next } = JSON.parse(first.body);
  assert.deepEqual(users, [{ name: 'KrishnaMohan', phone: 9731423166, since: '2022-09-12T10:00:00.000010Z' }]);
  assert.equal(first.link, `name_prefix=Kri&limit=1&cursor=${next}`);
  assert.deepEqual(readQuery(first.link, cursors).from, { lead: 0n, name: 'KrishnaMohan' });
  const whole = await search('', cursors, database);
  assert.equal(JSON.parse(whole.body).next, null);
  assert.equal(whole.link, null);
});
