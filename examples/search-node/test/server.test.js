import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, test } from 'node:test';

import { Cursors } from '../src/cursors.js';
import { unavailable } from '../src/problem.js';
import { createServer } from '../src/server.js';

const state = { draining: false, why: '', unready: async () => state.why };
const database = { failure: undefined, read: async () => { if (database.failure) throw database.failure; return []; } };
const logged = [];
let server;

before(async () => {
  const cursors = new Cursors([Buffer.alloc(32, 1)]);
  server = createServer({ database, cursors, openapi: 'openapi: 3.1.1\n', state, log: (...line) => logged.push(line) });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
});

after(() => {
  server.close();
  server.closeAllConnections();
});

/** Sends a request as it is, and returns the status, the headers and the body of the answer. */
async function send(target, { method = 'GET', headers = {} } = {}) {
  const lines = Object.entries({ Host: 'x', Connection: 'close', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  const socket = net.connect(server.address().port, '127.0.0.1');
  socket.end(`${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`);
  const [head, body] = (await socket.setEncoding('utf8').toArray()).join('').split('\r\n\r\n');
  const [line, ...fields] = head.split('\r\n');
  const pairs = fields.map((field) => [field.split(': ')[0].toLowerCase(), field.slice(field.indexOf(': ') + 2)]);
  return { status: Number(line.split(' ')[1]), headers: Object.fromEntries(pairs), body };
}

function isProblem(answer, status, kind) {
  const problem = JSON.parse(answer.body);
  assert.deepEqual(
    [answer.status, problem.status, answer.headers['content-type'], problem.type],
    [status, status, 'application/problem+json', `https://github.com/glarimy/ums/blob/main/docs/problems.md#${kind}`],
  );
  assert.equal(problem.request_id, answer.headers['x-request-id']);
  assert.deepEqual([answer.headers['cache-control'], answer.headers['x-content-type-options']], ['no-store', 'nosniff']);
  assert.ok(problem.title && problem.detail);
}

test('a list, and HEAD of it', async () => {
  const { status, headers, body } = await send('/user');
  assert.deepEqual([status, headers['content-type'], headers['cache-control']], [200, 'application/json', 'no-store']);
  assert.equal(body, '{"users":[],"next":null}');
  const head = await send('/user', { method: 'HEAD' });
  assert.deepEqual([head.status, head.headers['content-length'], head.body], [200, String(body.length), '']);
});

test('errors are problems', async () => {
  isProblem(await send('/user?offset=1'), 400, 'invalid-parameter');
  for (const path of ['/', '/user/', '//user', '/users', '/User', '/user/x', '/%75ser']) isProblem(await send(path), 404, 'route-not-found');
  for (const method of ['POST', 'OPTIONS', 'CONFORM']) {
    const answer = await send('/user', { method });
    isProblem(answer, 405, 'method-not-allowed');
    assert.equal(answer.headers.allow, 'GET, HEAD');
  }
  isProblem(await send('/user', { headers: { 'X Y': '1' } }), 400, 'malformed-request');
  isProblem(await send('/user', { headers: { 'X-Huge': 'x'.repeat(40_000) } }), 431, 'headers-too-large');
});

test('the inside is for the log', async () => {
  database.failure = unavailable('Try again.', new Error('connect 10.0.0.1'));
  const away = await send('/user');
  isProblem(away, 503, 'unavailable');
  assert.equal(away.headers['retry-after'], '1');
  database.failure = new Error("Unknown column 'phone' in 'SELECT'");
  const broken = await send('/user');
  database.failure = undefined;
  isProblem(broken, 500, 'internal');
  assert.doesNotMatch(away.body + broken.body, /10\.0\.0\.1|SELECT/);
  assert.match(logged.map((line) => line[2].error).join(), /10\.0\.0\.1.*SELECT/s);
});

test('request ids', async () => {
  assert.equal((await send('/livez', { headers: { 'X-Request-Id': 'r-1' } })).headers['x-request-id'], 'r-1');
  for (const sent of ['a b', 'x'.repeat(129)]) {
    assert.match((await send('/livez', { headers: { 'X-Request-Id': sent } })).headers['x-request-id'], /^[0-9a-f]{32}$/);
  }
});

test('probes', async () => {
  assert.equal((await send('/readyz')).body, '{"status":"ok"}\n');
  state.why = 'The server is stopping.';
  state.draining = true;
  isProblem(await send('/readyz'), 503, 'unavailable');
  const live = await send('/livez', { headers: { Connection: 'keep-alive' } });
  state.why = '';
  state.draining = false;
  assert.deepEqual([live.status, live.headers.connection], [200, 'close']);
});

test('the document', async () => {
  const { headers, body } = await send('/openapi.yaml');
  assert.deepEqual([body, headers['content-type'], headers['cache-control']], ['openapi: 3.1.1\n', 'application/yaml', 'no-cache']);
  assert.match(headers.etag, /^"[0-9a-f]{32}"$/);
  for (const seen of [headers.etag, `W/${headers.etag}`, `"a,b", ${headers.etag}`, '*']) {
    assert.equal((await send('/openapi.yaml', { headers: { 'If-None-Match': seen } })).status, 304, seen);
  }
  assert.equal((await send('/openapi.yaml', { headers: { 'If-None-Match': '"a"' } })).status, 200);
  isProblem(await send('/openapi.yaml', { headers: { 'If-None-Match': 'a' } }), 400, 'invalid-precondition');
});
