/** Where a request is found at an HTTP API, as paths below the API's base URL. */
export interface RequestLinks {
  readonly self: string;
  readonly result: string;
  readonly cancel: string;
}

/** The links of a request. @param issuer who gave the id; empty when it stands for itself */
export function linksOf(id: string, issuer: string): RequestLinks {
  const path = `/v1/requests/${encodeURIComponent(id)}`;
  const query = issuer === '' ? '' : `?source=${encodeURIComponent(issuer)}`;
  return { self: path + query, result: `${path}/result${query}`, cancel: `${path}/cancel${query}` };
}
