// The parameters of a query, strictly: what others pass over or mend is a fault here, and all faults are told at once.
import { isUtf8 } from 'node:buffer';

import { Problem } from './problem.js';

const MAX_FAULTS = 16;
const MALFORMED_ESCAPE = /%(?![0-9A-Fa-f]{2})/;

/** The parameters of one query. */
export class Parameters {
  #values = new Map(); // by name: every value, as { text, utf8 }
  #faults = [];

  /** Reads a raw query. Each of the known parameters may be there once, but for the one that may be repeated. */
  constructor(raw, known, repeated) {
    for (const pair of raw.split('&')) {
      if (pair !== '') this.#add(pair, known, repeated);
    }
  }

  #add(pair, known, repeated) {
    const cut = pair.indexOf('=');
    const [rawName, rawValue] = cut < 0 ? [pair, ''] : [pair.slice(0, cut), pair.slice(cut + 1)];
    if (MALFORMED_ESCAPE.test(rawName)) {
      this.fault(rawName, 'encoding', "the parameter's name is not percent-encoded correctly");
      return;
    }
    const name = decode(rawName).text;
    if (!known.includes(name)) {
      this.fault(name, 'unknown-parameter', `there is no such parameter; there are ${known.join(', ')}`);
    } else if (MALFORMED_ESCAPE.test(rawValue)) {
      this.fault(name, 'encoding', 'the value is not percent-encoded correctly');
    } else if (this.has(name) && name !== repeated) {
      this.fault(name, 'duplicate-parameter', 'the parameter is there more than once');
    } else {
      this.#values.set(name, [...(this.#values.get(name) ?? []), decode(rawValue)]);
    }
  }

  has(name) {
    return this.#values.has(name);
  }

  /** Returns the text of a parameter that is there. What was not UTF-8 in it no longer is what was sent. */
  text(name) {
    return this.#values.get(name)[0].text;
  }

  /** Returns every value of a parameter that is there, as { text, utf8 }. */
  all(name) {
    return this.#values.get(name);
  }

  /** Notes what is wrong with a parameter. */
  fault(name, code, detail) {
    if (this.#faults.length < MAX_FAULTS) {
      const pointer = `#/${encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'))}`;
      this.#faults.push({ pointer, code, detail });
    }
  }

  /** Throws a problem of a kind if there is a fault. */
  refuse(kind, detail) {
    if (this.#faults.length > 0) throw new Problem(kind, detail, { errors: this.#faults });
  }

  /** Returns the query of the page behind a cursor. */
  next(cursor) {
    const query = new URLSearchParams();
    for (const [name, values] of this.#values) {
      if (name !== 'cursor') values.forEach(({ text }) => query.append(name, text));
    }
    query.append('cursor', cursor);
    return query.toString();
  }
}

/** Decodes a part of a query whose escapes are well-formed, once. Node gives every byte of a target as a character. */
function decode(raw) {
  const bytes = Buffer.from(
    raw.replaceAll('+', ' ').replace(/%([0-9A-Fa-f]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16))),
    'latin1',
  );
  return { text: bytes.toString('utf8'), utf8: isUtf8(bytes) };
}
