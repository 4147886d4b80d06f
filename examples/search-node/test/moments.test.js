import assert from 'node:assert/strict';
import { test } from 'node:test';

import { EARLIEST, END, fromStored, parseMoment, toStored, toWire } from '../src/moments.js';

test('timestamps of RFC 3339', () => {
  for (const [text, wire] of [
    ['2022-09-12T10:00:00Z', '2022-09-12T10:00:00Z'],
    ['2022-09-12T10:00:00.5Z', '2022-09-12T10:00:00.500000Z'],
    ['2022-09-12T10:00:00.000001Z', '2022-09-12T10:00:00.000001Z'],
    ['2022-09-12T10:00:00.0000011Z', '2022-09-12T10:00:00.000002Z'],
    ['2022-09-12T10:00:00.9999999Z', '2022-09-12T10:00:01Z'],
    ['2022-09-12T12:30:00+02:30', '2022-09-12T10:00:00Z'],
    ['2024-02-29T00:00:00-00:01', '2024-02-29T00:01:00Z'],
    ['0099-01-01T00:00:00Z', '1000-01-01T00:00:00Z'],
  ]) {
    assert.equal(toWire(parseMoment(text)), wire, text);
  }
  assert.equal(parseMoment('9999-12-31T23:59:59-00:01'), END);
  assert.equal(parseMoment('0000-01-01T00:00:00Z'), EARLIEST);
});

test('what is no timestamp', () => {
  for (const text of [
    '', 'yesterday', '1662976800', '2022-09-12', '2022-09-12T10:00:00', '2022-09-12 10:00:00Z', '2022-09-12T10:00:00 05:30',
    '2022-02-30T10:00:00Z', '2023-02-29T10:00:00Z', '2022-13-01T10:00:00Z', '2022-00-01T10:00:00Z', '2022-09-12T25:00:00Z',
    '2022-09-12T10:00:60Z', '2022-09-12T10:00:00+25:00', '2022-09-12T10:00:00,5Z', '2022-09-12T1:00:00Z', '2022-09-12T10:00:00.Z',
  ]) {
    assert.equal(parseMoment(text), undefined, text);
  }
});

test('what the table has comes back as it was', () => {
  for (const text of ['1000-01-01 00:00:00.000000', '1969-12-31 23:59:59.999999', '2022-09-12 10:00:00.000010', '9999-12-31 23:59:59.999999']) {
    assert.equal(toStored(fromStored(text)), text);
  }
  assert.equal(fromStored('2022-09-12 10:00:00'), fromStored('2022-09-12 10:00:00.000000'));
});
