// The service as a process: node src/main.js. With the argument `health` it asks the one that runs whether it is ready.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { Cursors } from './cursors.js';
import { Database } from './database.js';
import { createServer } from './server.js';
import { load, Wrong } from './settings.js';

/** One line of JSON each, as every program of UMS logs. */
function log(level, msg, fields = {}) {
  console.log(JSON.stringify({ time: new Date().toISOString(), level, msg, service: 'search', ...fields }));
}

/** Says whether the service wants requests: from the moment when it has seen the schema, and until it is to stop. A database
 * that goes away later changes nothing, as its answers say that. */
class State {
  draining = false;
  #seen = false;

  constructor(database) {
    this.database = database;
  }

  unready = async () => {
    if (this.draining) return 'The server is stopping.';
    if (this.#seen) return '';
    try {
      await this.database.check();
      this.#seen = true;
      return '';
    } catch (error) {
      log('WARN', 'not ready', { error: (error.cause ?? error).message });
      return 'The service is not ready yet; its log says what it waits for.';
    }
  };
}

async function serve(settings) {
  const database = new Database(settings.database, settings);
  const state = new State(database);
  const openapi = readFileSync(new URL('../openapi.yaml', import.meta.url));
  const server = createServer({ database, cursors: new Cursors(settings.cursorKeys), openapi, state, log });
  await new Promise((resolve, reject) => {
    server.once('error', (error) => reject(new Wrong(error.message))).listen(settings.port, settings.host, resolve);
  });
  const { address, family, port } = server.address();
  log('INFO', 'serving', { addr: family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}` });
  for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => stop(server, state, settings));
}

/** Stops without losing a request: serves on for a while, unready and with Connection: close, and then finishes what is in
 * flight. A second signal ends the process at once, as there is no handler left. */
async function stop(server, state, settings) {
  state.draining = true;
  await sleep(settings.shutdownDelay);
  const closed = new Promise((resolve) => server.close(resolve)); // idle connections too
  await Promise.race([closed, sleep(settings.shutdownTimeout, undefined, { ref: false })]);
  process.exit(0);
}

async function health({ host = '127.0.0.1', port }) {
  const response = await fetch(`http://${host.includes(':') ? `[${host}]` : host}:${port}/readyz`, { signal: AbortSignal.timeout(4000) });
  if (!response.ok) throw new Wrong(`not ready: ${response.status}`);
}

try {
  const settings = load(process.env);
  await (process.argv[2] === 'health' ? health(settings) : serve(settings));
} catch (error) {
  console.error(`search: ${error.message}`);
  process.exit(1);
}
