// Moments in microseconds since 1970, as BigInt: a Date has milliseconds, and a number cannot hold the microseconds of
// every year that the table can.

const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:Z|([+-])(\d\d):(\d\d))$/;
const STORED = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?$/;

// What the table can hold: the years 1000 to 9999. What lies beyond is as good as these bounds, the second of which is the
// first moment after them.
export const EARLIEST = micros(1000, 1, 1, 0, 0, 0);
export const END = micros(10000, 1, 1, 0, 0, 0);

/** Returns the first microsecond that is not before a timestamp of RFC 3339, or undefined where it is not one. */
export function parseMoment(text) {
  const match = RFC3339.exec(text);
  if (!match) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number);
  const [offsetHours, offsetMinutes] = [Number(match[9] ?? 0), Number(match[10] ?? 0)];
  if (month < 1 || month > 12 || day < 1 || day > daysOf(year, month)) return undefined;
  if (hour > 23 || minute > 59 || second > 59 || offsetHours > 23 || offsetMinutes > 59) return undefined;
  const offset = BigInt((offsetHours * 60 + offsetMinutes) * 60_000_000) * (match[8] === '-' ? -1n : 1n);
  const fraction = match[7] ?? '';
  const up = /[1-9]/.test(fraction.slice(6)) ? 1n : 0n; // as all that is stored is in whole microseconds
  const moment = micros(year, month, day, hour, minute, second) + BigInt(fraction.slice(0, 6).padEnd(6, '0')) + up - offset;
  if (moment < EARLIEST) return EARLIEST;
  return moment > END ? END : moment;
}

/** Returns a moment as the driver tells it: 2022-09-12 10:00:00.000000, in UTC. */
export function fromStored(text) {
  const match = STORED.exec(text);
  return micros(...match.slice(1, 7).map(Number)) + BigInt((match[7] ?? '').padEnd(6, '0'));
}

/** Returns a moment as an argument of a statement. */
export function toStored(moment) {
  const [seconds, fraction] = split(moment);
  return `${seconds.replace('T', ' ')}.${fraction}`;
}

/** Returns a moment as it is on the wire: without a fraction where that is zero, else with six digits. */
export function toWire(moment) {
  const [seconds, fraction] = split(moment);
  return fraction === '000000' ? `${seconds}Z` : `${seconds}.${fraction}Z`;
}

/** Returns how many days a month has: the day before the first of the next one. */
function daysOf(year, month) {
  return new Date(new Date(0).setUTCFullYear(year, month, 0)).getUTCDate();
}

function micros(year, month, day, hour, minute, second) {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day); // Date.UTC would take the year 99 for 1999
  date.setUTCHours(hour, minute, second);
  return BigInt(date.getTime()) * 1000n;
}

function split(moment) {
  const fraction = ((moment % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const seconds = new Date(Number((moment - fraction) / 1000n)).toISOString().slice(0, 19);
  return [seconds, String(fraction).padStart(6, '0')];
}
