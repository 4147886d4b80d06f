// What a query asks for, and the page that answers it.
import { everybody, FILTERS } from './lists.js';
import { toWire, fromStored } from './moments.js';
import { Parameters } from './parameters.js';
import { Problem } from './problem.js';

const KNOWN = ['name', 'name_prefix', 'phone', 'phone_prefix', 'since_from', 'since_to', 'limit', 'cursor'];
const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 500;

/** Returns { list, limit, from, parameters } of a raw query, or throws a Problem. */
export function readQuery(raw, cursors) {
  const parameters = new Parameters(raw, KNOWN, 'name');
  const limit = readLimit(parameters);
  const used = FILTERS.filter((filter) => filter.parameters.some((name) => parameters.has(name)));
  const [list = everybody] = used.map((filter) => filter.read(parameters));
  parameters.refuse('invalid-parameter', 'Mend the parameters in errors and send the request again.');
  if (used.length > 1) {
    const names = used.flatMap((filter) => filter.parameters).filter((name) => parameters.has(name));
    for (const name of names) parameters.fault(name, 'combination', 'it belongs to another filter than the others');
    parameters.refuse('unsupported-combination', `A request has one filter. Leave out all but one of ${names.join(', ')}.`);
  }
  return { list, limit, from: readCursor(parameters, list, cursors), parameters };
}

function readLimit(parameters) {
  if (!parameters.has('limit')) return DEFAULT_LIMIT;
  const text = parameters.text('limit');
  const limit = Number(text);
  if (!/^(0|[1-9][0-9]*)$/.test(text)) parameters.fault('limit', 'not-integer', 'the limit must be an integer in decimal digits');
  else if (limit < 1) parameters.fault('limit', 'too-small', 'the limit must be at least 1');
  else if (limit > MAX_LIMIT) parameters.fault('limit', 'too-large', `the limit may be at most ${MAX_LIMIT}`);
  return limit;
}

function readCursor(parameters, list, cursors) {
  if (!parameters.has('cursor')) return undefined;
  const position = cursors.open(list.binding, parameters.text('cursor'));
  if (position === null) {
    const detail = 'Send the cursor as it came, with the filter that it came for, or begin again without one.';
    throw new Problem('invalid-cursor', detail);
  }
  return position;
}

/** Returns the answer to a raw query: { body, link }, where link is the query of the next page, if there is one. left is the
 * time that there is for it, in milliseconds. */
export async function search(raw, cursors, database, left) {
  const { list, limit, from, parameters } = readQuery(raw, cursors);
  const rows = await read(list, from, limit + 1, database, left); // one more, to know whether there is a next page
  const page = rows.slice(0, limit);
  const next = rows.length > limit ? cursors.seal(list.binding, list.position(page[limit - 1])) : null;
  const users = page.map(({ name, phone, since }) => ({ name, phone, since: toWire(fromStored(since)) }));
  return { body: JSON.stringify({ users, next }), link: next && parameters.next(next) };
}

async function read(list, from, limit, database, left) {
  const part = list.after(from);
  if (part === null) return [];
  const sql = `SELECT name, phone, since FROM ums_users WHERE ${part.where} ORDER BY ${part.order} LIMIT ?`;
  return database.read(sql, [...part.args, limit], left);
}
