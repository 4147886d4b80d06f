// Errors as the client sees them: problem details (RFC 9457), of the kinds that UMS has.

const BASE = 'https://github.com/glarimy/ums/blob/main/docs/problems.md#';

const KINDS = {
  'invalid-parameter': [400, 'A parameter is not acceptable'],
  'unsupported-combination': [400, 'These parameters cannot be combined'],
  'invalid-cursor': [400, 'The cursor is not valid for this list'],
  'invalid-precondition': [400, 'The precondition is not well-formed'],
  'malformed-request': [400, 'The request is not well-formed HTTP'],
  'route-not-found': [404, 'No such path'],
  'method-not-allowed': [405, 'The path does not take this method'],
  'headers-too-large': [431, "The request's header is too large"],
  internal: [500, 'Something went wrong'],
  unavailable: [503, 'The service is not available right now'],
};

/** A request that is answered with a problem. The detail is for a person, and tells nothing of the inside. */
export class Problem extends Error {
  constructor(kind, detail, { errors, headers, cause } = {}) {
    super(detail, { cause });
    [this.status, this.title] = KINDS[kind];
    Object.assign(this, { kind, detail, errors, headers });
  }

  /** The body, for a request with this path and this id. */
  body(instance, requestId) {
    const { kind, title, status, detail, errors } = this;
    return JSON.stringify({ type: BASE + kind, title, status, detail, instance, request_id: requestId, errors });
  }
}

/** The database cannot be reached, or does not answer in time; or the service is not ready. */
export const unavailable = (detail, cause) => new Problem('unavailable', detail, { headers: { 'Retry-After': '1' }, cause });
