// Calls of the platform's own API: the public one, with the reader's key.
import { watch } from "./reach.js";

export const SERVER = new URL("..", document.baseURI).href.replace(/\/$/, "");

// What the server answered instead of what was asked for; `at` is when, for "try again in".
export class ApiError extends Error {
  constructor(status, error, retryAfter, requestId) {
    super(error.message || `HTTP ${status}`);
    const seconds = Number(retryAfter) || null;
    const { code, param } = error;
    Object.assign(this, { status, code, param, details: error, retryAfter: seconds, requestId, at: Date.now() });
  }
}

export class Unreachable extends Error {}

export const server = watch(async () => {
  const answer = await fetch(`${SERVER}/health`, { cache: "no-store" });
  if (!isOurs(answer)) throw new Unreachable(String(answer.status));
});
addEventListener("online", () => server.now().down && server.again());

const session = { key: null, onRefused: () => {} };

export function useKey(key, onRefused) {
  session.key = key;
  session.onRefused = onRefused || (() => {});
  if (onRefused) server.tell(); // what another key was refused may be loaded now
}

// Send a request. `query` leaves out what is empty. Answers parsed JSON, or text for another `accept`.
export async function call(method, path, { query, body, headers = {}, signal, accept = "application/json" } = {}) {
  const answer = await send(method, path, { query, body, headers: { Accept: accept, ...headers }, signal });
  return accept === "application/json" ? answer.json() : answer.text();
}

// The same, with the answer as it is: for streams, and for what headers say.
export async function send(method, path, { query = {}, body, headers = {}, signal } = {}) {
  const asked = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== "" && value != null));
  const url = `${SERVER}${path}${asked.size ? `?${asked}` : ""}`;
  const init = { method, headers: { ...headers }, signal, cache: "no-store" };
  if (session.key) init.headers.Authorization = `Bearer ${session.key}`;
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers["Content-Type"] = "application/json";
  }
  const answer = await reached(url, init);
  if (answer.ok) return answer;
  const said = await answer.json().catch(() => ({}));
  const header = (name) => answer.headers.get(name);
  const error = new ApiError(answer.status, said.error || {}, header("Retry-After"), header("x-request-id"));
  if (answer.status === 401) session.onRefused(error);
  throw error;
}

async function reached(url, init) {
  let answer;
  try {
    answer = await fetch(url, init);
  } catch (failed) {
    if (failed.name === "AbortError") throw failed;
    server.lost();
    throw new Unreachable(failed.message);
  }
  if (!isOurs(answer)) {
    server.lost();
    throw new Unreachable(`HTTP ${answer.status}`);
  }
  server.found();
  return answer;
}

// A failure without our envelope comes from something that stands in front of a server that does not answer.
const isOurs = (answer) => answer.status < 500 || /json/.test(answer.headers.get("Content-Type") || "");

export const get = (path, query, options = {}) => call("GET", path, { query, ...options });
