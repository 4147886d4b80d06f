// Users' names and their beginnings, brought to the form in which they are stored and compared.

const MIN_LENGTH = 8; // in characters: Unicode code points
const MAX_LENGTH = 32;

// Not trim(): that takes U+FEFF for white space, and not U+0085.
const BEFORE = /^\p{White_Space}+/u;
const AFTER = /\p{White_Space}+$/u;

const FORBIDDEN = /[\p{Cc}\u2028\u2029\uFEFF\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069\p{Noncharacter_Code_Point}]/u;

const LAST_BEFORE_SURROGATES = 0xd7ff;
const FIRST_AFTER_SURROGATES = 0xe000;

/** Returns { name } in Normalization Form C and without white space around it, or { fault } with its code and detail. */
export function readName(text) {
  const name = text.normalize('NFC').replace(BEFORE, '').replace(AFTER, '');
  const length = [...name].length;
  if (length < MIN_LENGTH) {
    return { fault: ['too-short', `the name has ${length} characters; it needs at least ${MIN_LENGTH}`] };
  }
  const fault = checked('the name', name, length);
  return fault ? { fault } : { name };
}

/** As readName, for the beginning of names: white space at its end counts, as it parts words. */
export function readPrefix(text) {
  const prefix = text.normalize('NFC').replace(BEFORE, '');
  if (prefix === '') {
    return { fault: ['too-short', 'the beginning of a name has no characters; it needs at least one'] };
  }
  const fault = checked('the beginning of a name', prefix, [...prefix].length);
  return fault ? { fault } : { prefix };
}

function checked(what, text, length) {
  if (length > MAX_LENGTH) return ['too-long', `${what} has ${length} characters; it may have at most ${MAX_LENGTH}`];
  const found = FORBIDDEN.exec(text);
  if (!found) return undefined;
  const codePoint = found[0].codePointAt(0).toString(16).toUpperCase().padStart(4, '0');
  return ['forbidden-character', `${what} holds the character U+${codePoint}, which names may not contain`];
}

/** Returns the first text that comes after every name with this beginning. */
export function endOf(prefix) {
  const characters = [...prefix];
  const last = characters.pop().codePointAt(0); // never the last of all, which no name holds
  const next = last === LAST_BEFORE_SURROGATES ? FIRST_AFTER_SURROGATES : last + 1;
  return characters.join('') + String.fromCodePoint(next);
}

/** Compares names as the database does: by code points. JavaScript's own order is that of UTF-16. */
export const byCodePoints = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b));
