// The configuration: environment variables, under the names that they have in every program of UMS.
import { readFileSync } from 'node:fs';

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const DATABASE = /^mysql:\/\/(?:([^:]*)(?::(.*))?@)?tcp\((.+):(\d+)\)\/([^/?]+)(?:\?(.*))?$/;

/** What is wrong with the configuration, for an operator. It never holds a secret. */
export class Wrong extends Error {}

/** Returns the settings of an environment. Times are in milliseconds. */
export function load(environment) {
  const value = (name, otherwise = '') => {
    const file = environment[`${name}_FILE`]; // a file that holds the value: that is how secrets arrive
    if (!file) return environment[name] || otherwise;
    if (environment[name]) throw new Wrong(`${name} and ${name}_FILE are both set: keep one of them`);
    try {
      return readFileSync(file, 'utf8').replace(/[\r\n]+$/, '');
    } catch (error) {
      throw new Wrong(`${name}_FILE: ${error.message}`);
    }
  };
  return {
    ...address(value('ADDR', ':8080')),
    database: database(value('DATABASE_URL'), value('DATABASE_PASSWORD')),
    connections: count('DATABASE_MAX_CONNECTIONS', value('DATABASE_MAX_CONNECTIONS', '32')),
    cursorKeys: keys(value('CURSOR_KEYS')),
    timeout: duration('SEARCH_TIMEOUT', value('SEARCH_TIMEOUT', '5s')),
    shutdownDelay: duration('SHUTDOWN_DELAY', value('SHUTDOWN_DELAY', '0s')),
    shutdownTimeout: duration('SHUTDOWN_TIMEOUT', value('SHUTDOWN_TIMEOUT', '20s')),
  };
}

function address(text) {
  const match = /^\[?(.*?)\]?:(\d{1,5})$/.exec(text);
  if (!match) throw new Wrong('ADDR is not host:port, such as :8080');
  return { host: match[1] || undefined, port: Number(match[2]) };
}

function count(name, text) {
  if (!/^[1-9]\d*$/.test(text)) throw new Wrong(`${name} is not a number above zero`);
  return Number(text);
}

/** Reads a duration such as 15s or 1m30s. */
function duration(name, text) {
  if (!/^(0|(\d+(\.\d+)?(ms|s|m|h))+)$/.test(text)) throw new Wrong(`${name} is not a duration, such as 15s or 1m30s`);
  return [...text.matchAll(/([\d.]+)(ms|s|m|h)/g)].reduce((sum, [, n, unit]) => sum + n * UNITS[unit], 0);
}

function keys(list) {
  if (list.trim() === '') throw new Wrong('CURSOR_KEYS is not set: give every replica the same key, such as `openssl rand -base64 32` prints');
  return list.split(',').map((text, i) => {
    const key = Buffer.from(text.trim(), 'base64');
    if (key.toString('base64') !== text.trim()) throw new Wrong(`CURSOR_KEYS: key ${i + 1} of the list is not base64`);
    if (key.length < 32) throw new Wrong(`CURSOR_KEYS: key ${i + 1} of the list has ${key.length} bytes; it needs at least 32`);
    return key;
  });
}

/** Reads mysql://user:password@tcp(host:3306)/name?tls=true. */
function database(url, password) {
  if (url === '') throw new Wrong('DATABASE_URL is not set');
  const match = DATABASE.exec(url);
  if (!match) throw new Wrong('DATABASE_URL is not of the form mysql://user:password@tcp(host:3306)/database');
  const [, user = '', own = '', host, port, name, parameters = ''] = match;
  const decode = (text) => decodeURIComponent(text.replaceAll('+', ' '));
  return {
    user: decode(user),
    password: password || decode(own),
    host: host.replace(/^\[|\]$/g, ''),
    port: Number(port),
    database: name,
    ssl: tls(new URLSearchParams(parameters)),
  };
}

/** Reads the parameters about TLS. The others are the Go driver's, and golang-migrate's. */
function tls(parameters) {
  if (parameters.has('x-tls-ca')) return { ca: readFileSync(parameters.get('x-tls-ca')) };
  switch (parameters.get('tls') ?? 'false') {
    case 'true':
      return {};
    case 'false':
      return undefined;
    default:
      throw new Wrong('DATABASE_URL: tls can be true or false, and x-tls-ca name a file');
  }
}
