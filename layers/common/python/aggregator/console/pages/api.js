// Calls of the platform's own API: the public one, with the reader's key, which is kept in memory only.
export const SERVER = new URL("..", document.baseURI).href.replace(/\/$/, "");

export class ApiError extends Error {
  constructor(status, error, retryAfter, requestId) {
    super(error.message || `HTTP ${status}`);
    Object.assign(this, { status, code: error.code, param: error.param, details: error, retryAfter, requestId });
  }
}

export class Unreachable extends Error {}

const session = { key: null, onRefused: () => {} };

export function useKey(key, onRefused) {
  session.key = key;
  session.onRefused = onRefused || (() => {});
}

// Send a request. `query` leaves out what is empty. Answers parsed JSON, or text for another `accept`.
export async function call(method, path, { query = {}, body, headers = {}, signal, accept = "application/json" } = {}) {
  const answer = await send(method, path, { query, body, headers: { Accept: accept, ...headers }, signal });
  return accept === "application/json" ? answer.json() : answer.text();
}

// The same, with the answer as it is: for streams, and for what headers say.
export async function send(method, path, { query = {}, body, headers = {}, signal } = {}) {
  const asked = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== "" && value != null));
  const url = `${SERVER}${path}${asked.size ? `?${asked}` : ""}`;
  const init = { method, headers: { ...headers, Authorization: `Bearer ${session.key}` }, signal, cache: "no-store" };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers["Content-Type"] = "application/json";
  }
  let answer;
  try {
    answer = await fetch(url, init);
  } catch (failed) {
    if (failed.name === "AbortError") throw failed;
    throw new Unreachable(failed.message);
  }
  if (answer.ok) return answer;
  const said = await answer.json().catch(() => ({}));
  const error = new ApiError(answer.status, said.error || {}, answer.headers.get("Retry-After"), answer.headers.get("x-request-id"));
  if (answer.status === 401) session.onRefused(error);
  throw error;
}

export const get = (path, query, options = {}) => call("GET", path, { query, ...options });
