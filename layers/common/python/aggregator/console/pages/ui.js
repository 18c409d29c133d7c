// What views are made of: states of loading, tables, notices, buttons that tell what became of them.
import { ApiError, Unreachable } from "./api.js";
import { html, useCallback, useEffect, useRef, useState } from "./h.js";
import { t } from "./text.js";

// Load something whenever `keys` change. `again` loads anew and keeps what is shown until then.
export function useLoaded(load, keys) {
  const [state, setState] = useState({ data: undefined, error: undefined, loading: true });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    setState((before) => ({ ...before, loading: true }));
    load(stop.signal).then(
      (data) => setState({ data, error: undefined, loading: false }),
      (error) => error.name === "AbortError" || setState({ data: undefined, error, loading: false }),
    );
    return () => stop.abort();
  }, [...keys, turn]);
  const again = useCallback(() => setTurn((before) => before + 1), []);
  return { ...state, again };
}

// A list that comes in pages: `first(signal)` loads one, `then(cursor)` the next, and `name` is its rows' field.
export function usePages(first, then, name, keys) {
  const loaded = useLoaded(first, keys);
  const [more, setMore] = useState({ rows: [], cursor: null });
  useEffect(() => setMore({ rows: [], cursor: loaded.data?.nextCursor }), [loaded.data]);
  const next = async () => {
    const page = await then(more.cursor);
    setMore({ rows: [...more.rows, ...page[name]], cursor: page.nextCursor });
  };
  return { loaded, rows: [...(loaded.data?.[name] ?? []), ...more.rows], next: more.cursor ? next : null };
}

// Show `loaded` by `children(data)`, or that it is on its way, failed, or empty.
export function Loaded({ loaded, isEmpty, empty, children }) {
  if (loaded.error) return html`<${Failed} error=${loaded.error} again=${loaded.again} />`;
  if (loaded.data === undefined) return html`<p class="loading" role="status">${t("loading")}</p>`;
  if (isEmpty && isEmpty(loaded.data)) return html`<p class="empty">${empty}</p>`;
  return html`<div aria-busy=${loaded.loading}>${children(loaded.data)}</div>`;
}

export function messageOf(error) {
  if (error instanceof Unreachable) return t("unreachable");
  if (error instanceof ApiError) return error.retryAfter ? `${error.message} ${t("retryAfter", { seconds: error.retryAfter })}` : error.message;
  return `${t("broken")} ${error.message}`;
}

export function Failed({ error, again }) {
  const down = error instanceof Unreachable || error.status >= 500;
  useEffect(() => {
    if (!down || !again) return undefined;
    const timer = setTimeout(again, 5000);
    return () => clearTimeout(timer);
  }, [error]);
  return html`<div class="notice bad" role="alert">
    <p>${messageOf(error)}</p>
    ${down && again && html`<p class="quiet">${t("retrying")}</p>`}
    ${error.requestId && html`<p class="quiet">${t("requestId")}: <code>${error.requestId}</code></p>`}
    ${again && html`<button onClick=${again}>${t("again")}</button>`}
  </div>`;
}

// columns: [{name, title, of: row => cell, number: true}]. On a phone each row is a card with its titles.
export function Table({ columns, rows, caption }) {
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${caption}>
    <table>
      <caption class="hidden">${caption}</caption>
      <thead><tr>${columns.map((column) => html`<th scope="col" class=${column.number ? "number" : ""}>${column.title}</th>`)}</tr></thead>
      <tbody>
        ${rows.map(
          (row) => html`<tr key=${row.key}>
            ${columns.map((column) => html`<td data-title=${column.title} class=${column.number ? "number" : ""}><div>${column.of(row)}</div></td>`)}
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

export function Field({ label, hint, children }) {
  return html`<label class="field"><span>${label}</span>${children}${hint && html`<small>${hint}</small>`}</label>`;
}

// A button that is busy while its work runs, and says what went wrong.
export function Act({ act, children, kind = "", confirm }) {
  const [state, setState] = useState({ busy: false, error: null, asked: false });
  const mounted = useRef(true);
  useEffect(() => () => { mounted.current = false; }, []);
  const run = async () => {
    if (confirm && !state.asked) return setState({ ...state, asked: true });
    setState({ busy: true, error: null, asked: false });
    try {
      await act();
      if (mounted.current) setState({ busy: false, error: null, asked: false });
    } catch (error) {
      if (mounted.current) setState({ busy: false, error, asked: false });
    }
  };
  return html`<span class="act">
    <button type="button" class=${state.asked ? "danger" : kind} disabled=${state.busy} onClick=${run}>${state.busy ? t("working") : state.asked ? confirm : children}</button>
    ${state.asked && html`<button type="button" onClick=${() => setState({ ...state, asked: false })}>${t("cancel")}</button>`}
    ${state.error && html`<span class="wrong" role="alert">${messageOf(state.error)}</span>`}
  </span>`;
}

export function Copy({ text, label }) {
  const [done, setDone] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setDone(true);
    setTimeout(() => setDone(false), 2000);
  };
  return html`<button type="button" onClick=${copy}>${done ? t("copied") : label || t("copy")}</button>`;
}

export function Figure({ title, value, note, kind = "" }) {
  return html`<div class="figure ${kind}"><dt>${title}</dt><dd>${value}</dd>${note && html`<dd class="quiet">${note}</dd>`}</div>`;
}
