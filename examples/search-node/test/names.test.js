import assert from 'node:assert/strict';
import { test } from 'node:test';

import { byCodePoints, endOf, readName, readPrefix } from '../src/names.js';

test('names are brought to one form', () => {
  for (const [text, name] of [
    ['KrishnaMohan', 'KrishnaMohan'],
    [' \t\u0085KrishnaMohan\u3000', 'KrishnaMohan'],
    ['KrishnaMohane\u0301', 'KrishnaMohané'],
    ['😀'.repeat(32), '😀'.repeat(32)],
    ['क्\u200dषत्रियक्', 'क्\u200dषत्रियक्'],
  ]) {
    assert.deepEqual(readName(text), { name });
  }
});

test('what is no name is refused by its code', () => {
  for (const [text, code] of [
    ['', 'too-short'],
    ['Krishna', 'too-short'],
    ['e\u0301'.repeat(7), 'too-short'],
    ['x'.repeat(33), 'too-long'],
    ['😀'.repeat(33), 'too-long'],
    ['Krishna\0Mohan', 'forbidden-character'],
    ['\uFEFFKrishnaMohan', 'forbidden-character'],
    ['Krishna\u202EMohan', 'forbidden-character'],
    ['Krishna\u2028Mohan', 'forbidden-character'],
    ['KrishnaMohan\u{10FFFE}', 'forbidden-character'],
    ['KrishnaMohan\uFDD0', 'forbidden-character'],
  ]) {
    assert.equal(readName(text).fault?.[0], code, JSON.stringify(text));
  }
});

test('a beginning keeps the white space at its end', () => {
  assert.deepEqual(readPrefix('  E\u0301m '), { prefix: 'Ém ' });
  assert.equal(readPrefix('  ').fault[0], 'too-short');
  assert.equal(readPrefix('x'.repeat(33)).fault[0], 'too-long');
  assert.equal(readPrefix('a\n').fault[0], 'forbidden-character');
});

test('the end of a beginning comes after every name that has it', () => {
  for (const [prefix, end] of [['a', 'b'], ['a😀', 'a😁'], ['a\uD7FF', 'a\uE000'], ['a\uFFFD', 'a\uFFFE'], ['\u{10FFFD}', '\u{10FFFE}']]) {
    assert.equal(endOf(prefix), end);
    assert.ok(byCodePoints(prefix + '\u{10FFFD}', end) < 0);
  }
});

test('the order is that of code points', () => {
  assert.deepEqual(['😀', '\uFFFD', 'a', '\uE000', 'Z'].sort(byCodePoints), ['Z', 'a', '\uE000', '\uFFFD', '😀']);
});
