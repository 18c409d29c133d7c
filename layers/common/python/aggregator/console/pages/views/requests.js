// Requests: what was asked with which key, what it used and cost; one of them in full.
import { get } from "../api.js";
import { number, seconds, time, usd } from "../format.js";
import { html } from "../h.js";
import { change, to } from "../route.js";
import { t } from "../text.js";
import { Act, Field, Loaded, Table, useLoaded, usePages } from "../ui.js";

const NAMES = ["model", "keyId", "status", "from", "to"];

export function Requests({ me, route }) {
  return route.id ? html`<${One} id=${route.id} me=${me} />` : html`<${List} me=${me} route=${route} />`;
}

function List({ me, route }) {
  const asked = Object.fromEntries(NAMES.map((name) => [name, route.query[name] || ""]));
  const query = { userId: me.userId, limit: 50, ...asked, from: moment(asked.from), to: moment(asked.to, 1) };
  const { loaded, rows, next } = usePages(
    (signal) => get("/billing/requests", query, { signal }),
    (cursor) => get("/billing/requests", { ...query, cursor }),
    "requests",
    [JSON.stringify(asked)],
  );
  const set = (name) => (event) => change(route, { [name]: event.target.value.trim() });
  return html`<h1>${t("requests")}</h1>
    <form class="filters" onSubmit=${(event) => event.preventDefault()}>
      <${Field} label=${t("model")}><input value=${asked.model} onChange=${set("model")} placeholder="gpt-4o-mini" /><//>
      <${Field} label=${t("keyId")}><input value=${asked.keyId} onChange=${set("keyId")} /><//>
      <${Field} label=${t("status")}>
        <select value=${asked.status} onChange=${set("status")}>
          <option value="">${t("any")}</option>
          ${["2xx", "4xx", "5xx"].map((each) => html`<option value=${each}>${each}</option>`)}
        </select>
      <//>
      <${Field} label=${t("from")}><input type="date" value=${asked.from} onChange=${set("from")} /><//>
      <${Field} label=${t("until")}><input type="date" value=${asked.to} onChange=${set("to")} /><//>
    </form>
    <${Loaded} loaded=${loaded} isEmpty=${(data) => !data.requests.length && !data.nextCursor} empty=${t("noSuchRequests")}>
      ${() => html`<${Table} caption=${t("requests")} columns=${columns()} rows=${rows.map((row) => ({ ...row, key: row.requestId }))} />
        ${next && html`<p><${Act} act=${next}>${t("more")}<//></p>`}`}
    <//>`;
}

const moment = (date, days = 0) => {
  if (!date) return "";
  const at = new Date(`${date}T00:00:00`);
  at.setDate(at.getDate() + days);
  return at.toISOString();
};

const columns = () => [
  { title: t("time"), of: (row) => html`<a href=${to("requests", {}, row.requestId)}>${time(row.createdAt)}</a>` },
  { title: t("model"), of: (row) => row.model },
  { title: t("provider"), of: (row) => row.provider },
  { title: t("status"), of: (row) => html`<span class=${row.status < 300 ? "good" : "wrong"}>${row.status} ${t(`outcome_${row.outcome}`)}</span>` },
  { title: t("tokensIn"), number: true, of: (row) => number(row.tokens.input) },
  { title: t("tokensOut"), number: true, of: (row) => number(row.tokens.output) },
  { title: t("latency"), number: true, of: (row) => seconds(row.latencyMs) },
  { title: t("cost"), number: true, of: (row) => usd(row.charged) },
];

function One({ id, me }) {
  const loaded = useLoaded((signal) => get(`/billing/receipts/${encodeURIComponent(id)}`, { userId: me.userId }, { signal }), [id]);
  return html`<p><a href=${to("requests")}>← ${t("requests")}</a></p>
    <h1>${t("request")}</h1>
    <${Loaded} loaded=${loaded}>${({ request, postings, createdAt }) => html`
      <dl class="facts">
        ${facts(request, createdAt).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}
      </dl>
      <h2>${t("ledgerEntry")}</h2>
      <${Table} caption=${t("ledgerEntry")} rows=${postings.map((row) => ({ ...row, key: row.account }))}
        columns=${[{ title: t("account"), of: (row) => row.account }, { title: t("amount"), number: true, of: (row) => usd(row.amount) }]} />`}
    <//>`;
}

const facts = (request, createdAt) => [
  [t("requestId"), html`<code>${request.requestId}</code>`],
  [t("time"), time(createdAt)],
  [t("model"), `${request.provider} / ${request.model}`],
  [t("status"), `${request.status} ${t(`outcome_${request.outcome}`)}`],
  [t("surface"), `${request.surface}${request.stream ? `, ${t("streamed")}` : ""}`],
  [t("attempts"), number(request.attempts)],
  [t("latency"), seconds(request.latencyMs)],
  [t("firstToken"), seconds(request.timeToFirstTokenMs)],
  [t("hold"), usd(request.hold)],
  [t("cost"), usd(request.charged)],
  [t("balanceAfter"), usd(request.balance)],
  [t("priceVersion"), request.priceVersion],
  [t("keyId"), html`<code>${request.keyId}</code>`],
  ...["input", "cachedInput", "cacheWrite", "output", "reasoning"].map((kind) => [t(`tokens_${kind}`), number(request.tokens[kind])]),
  ...Object.entries(request.tools || {}).map(([name, calls]) => [name, number(calls)]),
  [t("counted"), request.estimated ? t("estimated") : t("byProvider")],
];
