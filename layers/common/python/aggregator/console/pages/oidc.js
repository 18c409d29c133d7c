// Sign-in at the issuer of this platform: there with a state, a nonce and a challenge (PKCE), back with a code, which
// the server exchanges. What proves that this tab began it stays in the tab, and is gone once it is back.
import { call, SERVER } from "./api.js";
import { ofTab } from "./storage.js";

const NAME = "aggregator-sign-in";

const BACK = `${SERVER}/console/`;

// Bytes as RFC 7636 wants them: base64 for addresses, without padding.
export const spelled = (bytes) =>
  btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

const random = () => spelled(crypto.getRandomValues(new Uint8Array(32)));

export async function challengeOf(verifier) {
  return spelled(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier))));
}

// Go to the issuer. `way` is what the server says of it; the view that is open now is the one to come back to.
export async function leave(way, stay) {
  const begun = { state: random(), nonce: random(), verifier: random(), view: location.hash, stay };
  ofTab.set(NAME, JSON.stringify(begun));
  const there = new URL(way.authorizationEndpoint);
  const asks = {
    response_type: "code",
    client_id: way.clientId,
    redirect_uri: BACK,
    scope: way.scope,
    state: begun.state,
    nonce: begun.nonce,
    code_challenge: await challengeOf(begun.verifier),
    code_challenge_method: "S256",
  };
  Object.entries(asks).forEach(([name, value]) => there.searchParams.set(name, value));
  location.assign(there);
}

// What came back with the address, which is made clean at once: null, {wrong: a text's name}, or what `session` takes.
export function arrival() {
  const said = new URLSearchParams(location.search);
  if (!said.has("state") && !said.has("error")) return null;
  const begun = JSON.parse(ofTab.get(NAME) || "null");
  ofTab.set(NAME, null);
  history.replaceState(null, "", location.pathname + (begun?.view || ""));
  return read(said, begun);
}

export function read(said, begun) {
  if (said.has("error")) return { wrong: "signInDenied" };
  if (!begun || !said.get("code") || said.get("state") !== begun.state) return { wrong: "signInOther" };
  return { code: said.get("code"), verifier: begun.verifier, nonce: begun.nonce, stay: Boolean(begun.stay) };
}

// The session that a code stands for.
export const session = ({ code, verifier, nonce }) =>
  call("POST", "/auth/sessions", { body: { code, codeVerifier: verifier, redirectUri: BACK, nonce } });
