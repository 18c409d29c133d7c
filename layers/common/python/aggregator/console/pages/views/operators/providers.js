// Providers: how each is reached and in which dialects, whether it has a key, and which of its routes are left alone.
import { get } from "../../api.js";
import { number, time } from "../../format.js";
import { html } from "../../h.js";
import { to } from "../../route.js";
import { t } from "../../text.js";
import { Loaded, Table, useLoaded } from "../../ui.js";

const SETTINGS = ["timeoutSeconds", "silenceSeconds", "reasoningSilenceSeconds", "origin"];

export function Providers({ route }) {
  const loaded = useLoaded((signal) => get("/orchestrator/providers", {}, { signal }), []);
  return html`<${Loaded} loaded=${loaded}>${(data) =>
      route.id
        ? html`<${One} id=${route.id} data=${data} />`
        : html`<${List} data=${data} again=${loaded.again} />`}<//>
    ${loaded.data === undefined && html`<h1 class="hidden">${t("providers")}</h1>`}`;
}

function List({ data, again }) {
  const open = data.data.flatMap((each) => data.state[each.id].circuits);
  return html`<h1>${t("providers")}</h1>
    <p class=${open.length ? "wrong" : "good"} role="status">
      ${open.length ? t("circuitsOpen", { count: number(open.length) }) : t("circuitsClosed")}
    </p>
    <p><button type="button" onClick=${again}>${t("lookAgain")}</button></p>
    <${Table}
      caption=${t("providers")}
      columns=${columns(data.state)}
      rows=${data.data.map((row) => ({ ...row, key: row.id }))}
    />`;
}

const columns = (state) => [
  {
    title: t("provider"),
    of: (row) => html`<a href=${to("providers", {}, row.id)}>${row.id}</a><br /><small>${row.name}</small>`,
  },
  { title: t("lanes"), of: (row) => lanesOf(row).join(", ") },
  { title: t("address"), of: (row) => html`<code>${row.baseUrl || "–"}</code>` },
  { title: t("providerKey"), of: (row) => html`<${KeyState} row=${row} keys=${state[row.id].keys} />` },
  { title: t("circuits"), of: (row) => html`<${Circuits} circuits=${state[row.id].circuits} />` },
];

// The provider's own dialect, and those that are passed on to it as they come.
const lanesOf = (row) => [
  row.protocol,
  ...(Array.isArray(row.dialects) ? row.dialects : Object.keys(row.dialects || {})),
];

function KeyState({ row, keys }) {
  if (keys) return html`<span class="good">${keys === 1 ? t("keySet") : t("keysSet", { count: number(keys) })}</span>`;
  return row.keyless || row.protocol === "bedrock"
    ? html`<span class="quiet">${t("keyless")}</span>`
    : html`<span class="wrong">${t("keyMissing")}</span>`;
}

function Circuits({ circuits }) {
  if (!circuits.length) return html`<span class="good">${t("closed")}</span>`;
  return html`<ul>${circuits.map(
    (each) => html`<li>
      <code>${each.upstreamModel}</code>: <span class="wrong">
        ${t("openSince", { since: time(each.since), until: time(each.until) })}
      </span>
    </li>`,
  )}</ul>`;
}

function One({ id, data }) {
  const row = data.data.find((each) => each.id === id);
  if (!row)
    return html`<h1>${id}</h1>
      <p class="empty">${t("noSuchProvider")} <a href=${to("providers")}>${t("providers")}</a></p>`;
  return html`<p><a href=${to("providers")}>← ${t("providers")}</a></p>
    <h1>${row.name || id}</h1>
    <dl class="facts">
      ${columns(data.state)
        .slice(1)
        .map((column) => html`<dt>${column.title}</dt><dd>${column.of(row)}</dd>`)}
      ${SETTINGS.filter((name) => row[name] != null).map((name) => html`<dt>${name}</dt><dd>${row[name]}</dd>`)}
    </dl>
    <h2>${t("toTheLastField")}</h2>
    <pre tabindex="0"><code>${JSON.stringify(row, null, 2)}</code></pre>`;
}
