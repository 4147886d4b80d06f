// The slot's HTTP side.
import { createHash, randomUUID } from 'node:crypto';
import http from 'node:http';

import { Problem, unavailable } from './problem.js';
import { search } from './search.js';

const REQUEST_ID = /^[!-~]{1,128}$/;
const ENTITY_TAGS = /^(?:[ \t,]*(?:W\/)?"[!#-~\x80-\xff]*"[ \t]*(?=,|$))+[ \t,]*$/;
const ALLOW = 'GET, HEAD'; // of every path

// The idle time is above that of the gateway's connections, so that it is the gateway who closes an idle one and never meets
// one that is just being closed here.
const LIMITS = { keepAliveTimeout: 120_000, headersTimeout: 5_000, requestTimeout: 30_000, maxHeaderSize: 32 << 10 };

/** Returns the server. state.unready tells why it wants no requests, or ''; state.draining has each answer end its
 * connection; log is told of errors. */
export function createServer({ database, cursors, openapi, state, log }) {
  const etag = `"${createHash('sha256').update(openapi).digest('hex').slice(0, 32)}"`;
  const paths = {
    '/user': async (request, query) => page(await search(query, cursors, database, timeLeft(request))),
    '/openapi.yaml': async (request) => document(request, openapi, etag),
    '/livez': async () => healthy,
    '/readyz': async () => {
      const why = await state.unready();
      if (why) throw unavailable(why);
      return healthy;
    },
  };
  const server = http.createServer(LIMITS, async (request, response) => {
    const id = requestId(request);
    const [path, query] = cut(request.url);
    let answer;
    try {
      answer = await route(paths, path)(request, query);
    } catch (error) {
      answer = refuse(error, path, id, log);
    }
    response.writeHead(answer.status ?? 200, {
      'X-Request-Id': id,
      'X-Content-Type-Options': 'nosniff',
      ...(answer.body !== undefined && { 'Content-Length': Buffer.byteLength(answer.body) }),
      ...(state.draining && { Connection: 'close' }),
      ...answer.headers,
    });
    response.end(answer.body); // of which Node sends nothing to HEAD
  });
  return server.on('clientError', refuseMessage);
}

/** A path is taken as it was sent: nothing is decoded, cleaned or redirected. */
function route(paths, path) {
  if (!Object.hasOwn(paths, path)) throw new Problem('route-not-found', 'There is nothing at this path.');
  return (request, query) => {
    if (request.method === 'GET' || request.method === 'HEAD') return paths[path](request, query);
    throw otherMethod();
  };
}

const otherMethod = () => new Problem('method-not-allowed', `This path takes ${ALLOW}.`, { headers: { Allow: ALLOW } });

function cut(target) {
  const at = target.indexOf('?');
  return at < 0 ? [target, ''] : [target.slice(0, at), target.slice(at + 1)];
}

function requestId(request) {
  const sent = request.headers['x-request-id'] ?? '';
  return REQUEST_ID.test(sent) ? sent : randomUUID().replaceAll('-', '');
}

/** How long the gateway waits for the answer, in milliseconds; undefined where nobody says. */
function timeLeft(request) {
  const left = request.headers['ums-deadline-ms'] ?? '';
  return /^\d{1,9}$/.test(left) ? Number(left) : undefined;
}

/** A page holds phone numbers, so nobody is to keep it. The link is relative to the request's own URL (RFC 8288). */
const page = ({ body, link }) => ({
  body,
  headers: {
    'Content-Type': 'application/json',
    'Cache-Control': 'no-store',
    ...(link && { Link: `<?${link}>; rel="next"` }),
  },
});

const healthy = {
  body: '{"status":"ok"}\n',
  headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' },
};

function document(request, body, etag) {
  const headers = { ETag: etag, 'Cache-Control': 'no-cache' };
  const seen = request.headers['if-none-match'];
  if (seen !== undefined && seen.trim() !== '*' && !ENTITY_TAGS.test(seen)) {
    throw new Problem('invalid-precondition', 'If-None-Match: the field must be * or a list of entity tags such as "1".');
  }
  if (seen?.trim() === '*' || seen?.match(/"[^"]*"/g)?.includes(etag)) return { status: 304, headers };
  return { body, headers: { ...headers, 'Content-Type': 'application/yaml' } };
}

/** Every error is a problem, and none tells of the inside: that is for the log. */
function refuse(error, path, id, log) {
  const problem =
    error instanceof Problem ? error : new Problem('internal', "The request ended in an error of the server's.", { cause: error });
  if (problem.cause) log('ERROR', 'request failed', { request_id: id, status: problem.status, error: problem.cause.stack });
  return {
    status: problem.status,
    body: problem.body(path, id),
    headers: { 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store', ...problem.headers },
  };
}

/** What Node takes for no request of HTTP does not come to a handler. A method that its parser does not know is among that;
 * as every path takes the same ones, what to say of it is known nevertheless. */
function refuseMessage(error, socket) {
  if (!socket.writable) return;
  const problem = messageProblem(error.code);
  const id = randomUUID().replaceAll('-', '');
  const body = problem.body(undefined, id);
  const headers = {
    'X-Request-Id': id,
    'X-Content-Type-Options': 'nosniff',
    'Content-Type': 'application/problem+json',
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    Connection: 'close',
    ...problem.headers,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${problem.status} ${http.STATUS_CODES[problem.status]}\r\n${lines.join('')}\r\n${body}`);
}

function messageProblem(code) {
  switch (code) {
    case 'HPE_INVALID_METHOD':
      return otherMethod();
    case 'HPE_HEADER_OVERFLOW':
      return new Problem('headers-too-large', 'The request line and the header fields are too long together.');
    default:
      return new Problem('malformed-request', 'The message is not a request that HTTP/1.1 allows.');
  }
}
