// The lists: some of the users in some order, as a filter selects them. Each is one walk along one index, so the thousandth
// page costs what the first one does.
import { byCodePoints, endOf, readName, readPrefix } from './names.js';
import { EARLIEST, END, fromStored, parseMoment, toStored } from './moments.js';

// A list has
//   binding          what tells it from every other list: its cursors are good for lists of the same binding alone
//   after(position)  the part of a SELECT that differs, for the users behind a position, or null where nobody can be left
//   position(row)    where in the list a user stands: { lead, name }, by a number first, which is 0 in a list by name
// A position of undefined is the beginning.

const MIN_PHONE = 9_000_000_000n;
const MAX_PHONE = 999_999_999_999_999n;
const MAX_NAMES = 100;

/** The filters, each with its parameters. A request has one at most. `read` notes faults; what it returns beside them is not
 * used. */
export const FILTERS = [
  { parameters: ['name_prefix'], read: byPrefix },
  { parameters: ['phone'], read: byPhone },
  { parameters: ['phone_prefix'], read: byPhonePrefix },
  { parameters: ['since_from', 'since_to'], read: bySince },
  { parameters: ['name'], read: byNames },
];

/** All users, by name. */
export const everybody = {
  binding: 'none',
  after: (position) => ({ where: 'name > ?', order: 'name', args: [position?.name ?? ''] }),
  position: ({ name }) => ({ lead: 0n, name }),
};

function byPrefix(parameters) {
  const [{ text, utf8 }] = parameters.all('name_prefix');
  const { prefix, fault } = utf8 ? readPrefix(text) : { fault: ['encoding', 'the beginning of a name is not valid UTF-8'] };
  if (fault) {
    parameters.fault('name_prefix', ...fault);
    return undefined;
  }
  return {
    ...everybody,
    binding: `name_prefix ${prefix}`,
    // The range is not enough: MySQL compares as if the shorter text had spaces at its end. And not LIKE: the range that
    // MySQL makes of it ends at U+FFFF. INSTR makes no range, and knows no metacharacters.
    after: (position) => ({
      where: `name ${position ? '>' : '>='} ? AND name < ? AND INSTR(name, ?) = 1`,
      order: 'name',
      args: [position?.name ?? prefix, endOf(prefix), prefix],
    }),
  };
}

function byNames(parameters) {
  const values = parameters.all('name');
  if (values.length > MAX_NAMES) {
    parameters.fault('name', 'too-many', `there are ${values.length} names; a request has at most ${MAX_NAMES}`);
    return undefined;
  }
  const found = new Set();
  for (const { text, utf8 } of values) {
    const { name, fault } = utf8 ? readName(text) : { fault: ['encoding', 'the name is not valid UTF-8'] };
    if (fault) parameters.fault('name', ...fault);
    else found.add(name);
  }
  const names = [...found].sort(byCodePoints);
  return {
    ...everybody,
    binding: `name ${names.join('\0')}`, // which is in no name
    after(position) {
      const rest = position ? names.filter((name) => byCodePoints(name, position.name) > 0) : names;
      if (rest.length === 0) return null;
      return { where: `name IN (${rest.map(() => '?').join(', ')})`, order: 'name', args: rest };
    },
  };
}

function byPhone(parameters) {
  const text = parameters.text('phone');
  if (!/^(0|[1-9][0-9]*)$/.test(text)) {
    parameters.fault('phone', 'not-integer', 'the phone number must be an integer in decimal digits');
    return undefined;
  }
  const phone = BigInt(text);
  if (phone < MIN_PHONE) parameters.fault('phone', 'too-small', `the phone number is below ${MIN_PHONE}`);
  if (phone > MAX_PHONE) parameters.fault('phone', 'too-large', `the phone number is above ${MAX_PHONE}`);
  return byNumber('phone', [[phone, phone]], PHONE);
}

function byPhonePrefix(parameters) {
  const text = parameters.text('phone_prefix');
  if (text === '') {
    parameters.fault('phone_prefix', 'too-short', 'the beginning of a phone number has at least one digit');
  } else if (!/^[1-9][0-9]*$/.test(text)) {
    parameters.fault('phone_prefix', 'format', 'the beginning of a phone number is digits alone, the first of them not 0');
  } else if (text.length > 15) {
    parameters.fault('phone_prefix', 'too-long', 'a phone number has at most 15 digits');
  } else {
    return byNumber('phone_prefix', phonesBeginning(BigInt(text)), PHONE);
  }
  return undefined;
}

/** Returns the intervals of phone numbers that begin with some digits: those digits and k more are the numbers from
 * digits·10^k to (digits+1)·10^k-1. */
function phonesBeginning(digits) {
  const intervals = [];
  for (let scale = 1n; digits * scale <= MAX_PHONE; scale *= 10n) {
    const [first, last] = [digits * scale, (digits + 1n) * scale - 1n];
    if (last >= MIN_PHONE) intervals.push([first < MIN_PHONE ? MIN_PHONE : first, last > MAX_PHONE ? MAX_PHONE : last]);
  }
  return intervals;
}

function bySince(parameters) {
  const read = (name, otherwise) => {
    if (!parameters.has(name)) return otherwise;
    const moment = parseMoment(parameters.text(name));
    if (moment === undefined) {
      const wanted = 'a timestamp of RFC 3339, such as 2022-09-12T10:00:00Z; in a query the + of an offset is written %2B';
      parameters.fault(name, 'format', `the value is not ${wanted}`);
    }
    return moment;
  };
  const [from, to] = [read('since_from', EARLIEST), read('since_to', END)];
  if (to < from) parameters.fault('since_to', 'too-early', 'since_to lies before since_from');
  return byNumber('since', [[from, to === undefined ? undefined : to - 1n]], SINCE);
}

// The columns that lead an order. `argument` is a number as a statement takes it; the numbers of phones are all below 2^53.
const PHONE = { column: 'phone', number: ({ phone }) => BigInt(phone), argument: Number };
const SINCE = { column: 'since', number: ({ since }) => fromStored(since), argument: toStored };

/** Returns the users with a number in one of some intervals, both ends included and in increasing order, by that number and
 * by name. */
function byNumber(filter, intervals, { column, number, argument }) {
  return {
    binding: `${filter} ${intervals.join(' ')}`,
    position: (row) => ({ lead: number(row), name: row.name }),
    after(position) {
      const ranges = [];
      for (const [first, last] of intervals) {
        if (last < first || (position && last < position.lead)) continue;
        if (!position || first > position.lead) {
          ranges.push({ where: `(${column} >= ? AND ${column} <= ?)`, args: [first, last].map(argument) });
        } else {
          // A form that MySQL takes for a range of both columns of the index. With `a >= ? AND (a > ? OR b > ?)` it would
          // pass over everybody who has the position's number.
          ranges.push({
            where: `(${column} = ? AND name > ?) OR (${column} > ? AND ${column} <= ?)`,
            args: [argument(position.lead), position.name, argument(position.lead), argument(last)],
          });
        }
      }
      if (ranges.length === 0) return null;
      return {
        where: ranges.map(({ where }) => where).join(' OR '),
        order: `${column}, name`,
        args: ranges.flatMap(({ args }) => args),
      };
    },
  };
}
