// What views are made of: states of loading, tables, notices, buttons that tell what became of them.
import { server, Unreachable } from "./api.js";
import { html, useCallback, useEffect, useRef, useState } from "./h.js";
import { t } from "./text.js";
import { Failed, Wrong } from "./trouble.js";

export { Failed, messageOf, Wrong } from "./trouble.js";

// Load something whenever `keys` change. `again` loads anew and keeps what is shown until then. What could not be
// loaded because the server did not answer, or refused the key, is loaded when it does, or another key is there.
export function useLoaded(load, keys) {
  const [state, setState] = useState({ data: undefined, error: undefined, loading: true });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    setState((before) => ({ ...before, loading: true }));
    load(stop.signal).then(
      (data) => stop.signal.aborted || setState({ data, error: undefined, loading: false }),
      (error) => stop.signal.aborted || setState({ data: undefined, error, loading: false }),
    );
    return () => stop.abort();
  }, [...keys, turn]);
  const again = useCallback(() => setTurn((before) => before + 1), []);
  const waits = state.error instanceof Unreachable || state.error?.status === 401;
  useEffect(() => (waits ? server.listen(({ down }) => down || again()) : undefined), [waits]);
  return { ...state, again };
}

// A list that comes in pages: `first(signal)` loads one, `then(cursor)` the next, and `name` is its rows' field.
export function usePages(first, then, name, keys) {
  const loaded = useLoaded(first, keys);
  const [more, setMore] = useState({ of: null, rows: [], cursor: null });
  const isOld = more.of !== loaded.data;
  const cursor = isOld ? loaded.data?.nextCursor : more.cursor;
  const next = async () => {
    const page = await then(cursor);
    const rows = [...(isOld ? [] : more.rows), ...page[name]];
    setMore({ of: loaded.data, rows, cursor: page.nextCursor });
  };
  const rows = [...(loaded.data?.[name] ?? []), ...(isOld ? [] : more.rows)];
  return { loaded, rows, next: cursor ? next : null };
}

// A state that outlives its view, as long as the page is open: what was typed is there when the reader comes back.
const kept = new Map();
export function useKept(name, initial) {
  const [, redraw] = useState(0);
  if (!kept.has(name)) kept.set(name, initial);
  const set = (next) => {
    kept.set(name, typeof next === "function" ? next(kept.get(name)) : next);
    redraw((before) => before + 1);
  };
  return [kept.get(name), set, () => kept.delete(name)];
}
export const forget = () => kept.clear();

// Show `loaded` by `children(data)`, or that it is on its way, failed, or empty. `shape` is what will stand there
// ("figures", "table", "plot", "card"), so that nothing jumps when it comes.
export function Loaded({ loaded, isEmpty, empty, shape = "table", children }) {
  if (loaded.error) return html`<${Failed} error=${loaded.error} again=${loaded.again} />`;
  if (loaded.data === undefined) return html`<${Loading} shape=${shape} />`;
  if (isEmpty && isEmpty(loaded.data)) return html`<div class="empty" aria-busy=${loaded.loading}>${empty}</div>`;
  return html`<div aria-busy=${loaded.loading}>${children(loaded.data)}</div>`;
}

const GHOSTS = { figures: 3, table: 8, plot: 1, card: 1 };

export function Loading({ shape, count = GHOSTS[shape] }) {
  return html`<div class="loading" role="status">
    <span class="hidden">${t("loading")}</span>
    <div class="ghosts ${shape}" aria-hidden="true">${Array.from({ length: count }, () => html`<div></div>`)}</div>
  </div>`;
}

// columns: [{title, of: row => cell, number: true}]. On a phone each row is a card with its titles.
export function Table({ columns, rows, caption }) {
  const kind = (column) => (column.number ? "number" : "");
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${caption}>
    <table>
      <caption class="hidden">${caption}</caption>
      <thead>
        <tr>${columns.map((column) => html`<th scope="col" class=${kind(column)}>${column.title}</th>`)}</tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) => html`<tr key=${row.key} class=${row.kind || ""}>
            ${columns.map(
              (column) => html`<td data-title=${column.title} class=${kind(column)}><div>${column.of(row)}</div></td>`,
            )}
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

export function Field({ label, hint, children }) {
  return html`<label class="field"><span>${label}</span>${children}${hint && html`<small>${hint}</small>`}</label>`;
}

// A choice of one: `options` are [value, words].
export function Choice({ label, hint, value, options, pick }) {
  return html`<${Field} label=${label} hint=${hint}>
    <select value=${value} onChange=${(event) => pick(event.target.value)}>
      ${options.map(([each, words]) => html`<option value=${each}>${words}</option>`)}
    </select>
  <//>`;
}

// A button that is busy while its work runs, and says what went wrong. `act(say)` may tell how far it is.
export function Act({ act, children, kind = "", confirm }) {
  const [state, setState] = useState({ busy: false, error: null, asked: false, said: "" });
  const mounted = useRef(true);
  useEffect(() => () => { mounted.current = false; }, []);
  const show = (next) => mounted.current && setState((before) => ({ ...before, ...next }));
  const run = async () => {
    if (confirm && !state.asked) return show({ asked: true, error: null });
    show({ busy: true, error: null, asked: false, said: "" });
    try {
      await act((said) => show({ said }));
      show({ busy: false });
    } catch (error) {
      show({ busy: false, error });
    }
    return undefined;
  };
  const look = state.asked ? "danger" : kind;
  return html`<span class="act">
    <button type="button" class=${look} disabled=${state.busy} aria-busy=${state.busy} onClick=${run}>
      ${state.asked ? confirm : children}
    </button>
    ${state.asked && html`<button type="button" onClick=${() => show({ asked: false })}>${t("cancel")}</button>`}
    ${state.busy && state.said && html`<span class="quiet" role="status">${state.said}</span>`}
    ${state.error && html`<${Wrong} error=${state.error} />`}
  </span>`;
}

export function Copy({ text, label }) {
  const [said, setSaid] = useState(null);
  const copy = async () => {
    const worked = await navigator.clipboard.writeText(text).then(() => true, () => false);
    setSaid(t(worked ? "copied" : "copyYourself"));
    setTimeout(() => setSaid(null), 2000);
  };
  return html`<button type="button" onClick=${copy}>${said || label || t("copy")}</button>`;
}

export function Figure({ title, value, note, kind = "" }) {
  const noted = note && html`<dd class="quiet">${note}</dd>`;
  return html`<div class="figure ${kind}"><dt>${title}</dt><dd>${value}</dd>${noted}</div>`;
}

// [name, value] pairs, one below the other; what is false is left out.
export function Facts({ facts }) {
  return html`<dl class="facts">
    ${facts.filter(Boolean).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}
  </dl>`;
}
