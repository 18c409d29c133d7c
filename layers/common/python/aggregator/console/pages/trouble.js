// What went wrong, in words, and when it is worth another try.
import { ApiError, server, Unreachable } from "./api.js";
import { number, time } from "./format.js";
import { html, useEffect, useState } from "./h.js";
import { pauseAfter } from "./reach.js";
import { t } from "./text.js";

export function messageOf(error) {
  if (error instanceof Unreachable) return t("unreachable");
  if (error instanceof ApiError) return error.message;
  return `${t("broken")} ${error.message}`;
}

// The moment from which another try may pass, if the server said one.
const retryAt = (error) => (error.retryAfter ? error.at + error.retryAfter * 1000 : null);

// A notice with the server's own words. With `again`, what passes by itself is tried again by itself, later each time.
export function Failed({ error, again }) {
  const [tries, setTries] = useState(0);
  const passes = error instanceof ApiError && (error.status === 429 || error.status >= 500);
  const at = again && passes ? (retryAt(error) ?? (error.at || 0) + pauseAfter(tries, 0.5) * 1000) : null;
  const once = () => {
    setTries(tries + 1);
    again();
  };
  return html`<div class="notice bad" role="alert">
    <p>${messageOf(error)}</p>
    <${When} error=${error} />
    ${at && html`<p class="quiet"><${Until} at=${at} words="retryingIn" then=${once} /></p>`}
    ${error.requestId && html`<p class="quiet">${t("requestId")}: <code>${error.requestId}</code></p>`}
    ${again && html`<button type="button" onClick=${again}>${t("again")}</button>`}
  </div>`;
}

// The same in a line, beside the button that failed.
export function Wrong({ error }) {
  return html`<span class="wrong" role="alert">${messageOf(error)} <${When} error=${error} /></span>`;
}

// When another try may pass, and what would help: of a 402, what running requests hold and what would be enough.
function When({ error }) {
  const at = retryAt(error);
  const short = error.details?.balance;
  const help = [
    short?.held_until && t("heldUntil", { time: time(short.held_until) }),
    short?.most_max_tokens && t("wouldPass", { tokens: number(short.most_max_tokens) }),
  ].filter(Boolean);
  return html`${at && html`<span><${Until} at=${at} words="retryAfter" done="retryNow" /></span>`}
    ${help.map((words) => html` <span>${words}</span>`)}`;
}

// Seconds until a moment, counted down; then `done` in words, or `then` is called.
export function Until({ at, words, done, then }) {
  const [now, setNow] = useState(Date.now());
  const left = Math.max(0, Math.ceil((at - now) / 1000));
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, [at]);
  useEffect(() => {
    if (!left && then) then();
  }, [at, !left]);
  return left || !done ? t(words, { seconds: number(left) }) : t(done);
}

// Over everything, while the server does not answer; it goes by itself.
export function Banner() {
  const [state, setState] = useState(server.now());
  useEffect(() => server.listen(setState), []);
  return html`<div class="banner" role="status">
    ${state.down &&
    html`<p>
      <strong>${t("unreachable")}</strong>
      ${" "}${state.again ? html`<${Until} at=${state.again} words="retryingIn" />` : t("retryingNow")}
      <button type="button" disabled=${!state.again} onClick=${() => server.again()}>${t("again")}</button>
    </p>`}
  </div>`;
}
