// Requests: what was asked with which key, what it used and cost, newest first.
import { get } from "../api.js";
import { number, seconds, startOf, time, usd } from "../format.js";
import { html } from "../h.js";
import { change, to } from "../route.js";
import { t } from "../text.js";
import { Act, Choice, Field, Loaded, Table, usePages } from "../ui.js";
import { useKeyNames } from "./keynames.js";
import { Request } from "./request.js";

const NAMES = ["model", "keyId", "status", "from", "to"];
const STATUSES = ["2xx", "4xx", "5xx", "400", "402", "429", "502", "503", "504"];

export function Requests({ me, route }) {
  if (route.id) return html`<${Request} key=${route.id} id=${route.id} me=${me} route=${route} />`;
  return html`<${List} me=${me} route=${route} />`;
}

function List({ me, route }) {
  const asked = Object.fromEntries(NAMES.map((name) => [name, route.query[name] || ""]));
  const query = { userId: me.userId, limit: 50, ...asked, from: startOf(asked.from), to: startOf(asked.to, 1) };
  const { loaded, rows, next } = usePages(
    (signal) => get("/billing/requests", query, { signal }),
    (cursor) => get("/billing/requests", { ...query, cursor }),
    "requests",
    [JSON.stringify(asked)],
  );
  const names = useKeyNames(me);
  const none = (data) => !data.requests.length && !data.nextCursor;
  const link = (row) => to("requests", route.query, row.requestId);
  const listed = rows.map((row) => ({ ...row, key: row.requestId }));
  return html`<h1>${t("requests")}</h1>
    <${Filters} route=${route} asked=${asked} names=${names} again=${loaded.again} />
    <${Loaded} loaded=${loaded} isEmpty=${none} empty=${t("noSuchRequests")}>
      ${() => html`
        <${Table} caption=${t("requests")} columns=${columns(link, names)} rows=${listed} />
        ${next && !rows.length && html`<p class="quiet">${t("noneSoFar")}</p>`}
        ${next && html`<p><${Act} act=${next}>${t("more")}<//></p>`}`}
    <//>`;
}

function Filters({ route, asked, names, again }) {
  const set = (name) => (value) => change(route, { [name]: value });
  const typed = (name) => (event) => set(name)(event.target.value.trim());
  const statuses = [["", t("any")], ...STATUSES.map((each) => [each, each])];
  const keys = [["", t("any")], ...[...names].map(([id, name]) => [id, `${name} (${id})`])];
  const known = !asked.keyId || names.has(asked.keyId);
  return html`<form class="filters" onSubmit=${(event) => event.preventDefault()}>
    <${Field} label=${t("model")}>
      <input value=${asked.model} onChange=${typed("model")} placeholder="gpt-4o-mini" />
    <//>
    ${names.size && known
      ? html`<${Choice} label=${t("key")} value=${asked.keyId} options=${keys} pick=${set("keyId")} />`
      : html`<${Field} label=${t("keyId")}><input value=${asked.keyId} onChange=${typed("keyId")} /><//>`}
    <${Choice} label=${t("status")} value=${asked.status} options=${statuses} pick=${set("status")} />
    <${Field} label=${t("from")}><input type="date" value=${asked.from} onChange=${typed("from")} /><//>
    <${Field} label=${t("until")}><input type="date" value=${asked.to} onChange=${typed("to")} /><//>
    <button type="button" onClick=${again}>${t("reload")}</button>
  </form>`;
}

const columns = (link, names) => [
  { title: t("time"), of: (row) => html`<a href=${link(row)}>${time(row.createdAt)}</a>` },
  { title: t("model"), of: (row) => row.model },
  { title: t("key"), of: (row) => names.get(row.keyId) ?? row.keyId },
  { title: t("status"), of: (row) => html`<${Status} of=${row} />` },
  { title: t("tokensIn"), number: true, of: (row) => number(row.tokens.input) },
  { title: t("tokensOut"), number: true, of: (row) => number(row.tokens.output) },
  { title: t("latency"), number: true, of: (row) => seconds(row.latencyMs) },
  { title: t("cost"), number: true, of: (row) => usd(row.charged) },
];

export function Status({ of: { status, outcome } }) {
  return html`<span class=${status < 300 ? "good" : "wrong"}>${status} ${t(`outcome_${outcome}`)}</span>`;
}
