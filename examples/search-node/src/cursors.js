// The opaque texts by which a client asks for the next page. A cursor says where a page ended; it is signed, so that nobody
// else makes one, and bound to its list, so that it is of no use for another.
import { createHmac, timingSafeEqual } from 'node:crypto';

const VERSION = 1;
const PURPOSE = 'search-node'; // the cursors of other programs are not these, even where the keys are the same
const SIGNATURE_SIZE = 16; // half of HMAC-SHA-256, the least that RFC 2104 (section 5) allows

export class Cursors {
  #keys;

  /** The first key signs, all verify; so a key is changed without breaking a cursor. */
  constructor(keys) {
    this.#keys = keys;
  }

  /** Returns a cursor that says a position, { lead, name }, to the list of a binding. */
  seal(binding, { lead, name }) {
    const position = `${lead} ${name}`;
    const signature = sign(this.#keys[0], binding, position);
    return Buffer.concat([Buffer.of(VERSION), signature, Buffer.from(position)]).toString('base64url');
  }

  /** Returns the position that a cursor says, or null where it is not one of the binding. */
  open(binding, cursor) {
    const sealed = Buffer.from(cursor, 'base64url');
    if (sealed.toString('base64url') !== cursor) return null; // each cursor has one form only
    if (sealed.length <= SIGNATURE_SIZE || sealed[0] !== VERSION) return null;
    const signature = sealed.subarray(1, 1 + SIGNATURE_SIZE);
    const position = sealed.subarray(1 + SIGNATURE_SIZE).toString();
    if (signature.length !== SIGNATURE_SIZE) return null;
    if (!this.#keys.some((key) => timingSafeEqual(signature, sign(key, binding, position)))) return null;
    const cut = position.indexOf(' ');
    return { lead: BigInt(position.slice(0, cut)), name: position.slice(cut + 1) };
  }
}

/** Signs all that a cursor stands for, written so that no two of them read alike. */
function sign(key, binding, position) {
  const text = JSON.stringify([VERSION, PURPOSE, binding, position]);
  return createHmac('sha256', key).update(text).digest().subarray(0, SIGNATURE_SIZE);
}
