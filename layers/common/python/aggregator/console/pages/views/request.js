// One request in full: what it held and cost, on which route, what it used, and its entry in the ledger.
import { get } from "../api.js";
import { number, seconds, time, usd } from "../format.js";
import { html, useEffect } from "../h.js";
import { to } from "../route.js";
import { t } from "../text.js";
import { Copy, Facts, Loaded, Loading, Table, useLoaded } from "../ui.js";
import { Status } from "./requests.js";

const SETTLES_WITHIN = 60_000;
const KINDS = ["input", "cachedInput", "cacheWrite", "cacheWriteHour", "output", "reasoning"];

export function Request({ id, me, route }) {
  const path = `/billing/receipts/${encodeURIComponent(id)}`;
  const loaded = useLoaded((signal) => get(path, { userId: me.userId }, { signal }), [id]);
  const waits = loaded.error?.status === 404 && isNew(id);
  useEffect(() => {
    if (!waits) return undefined;
    const timer = setTimeout(loaded.again, 2000);
    return () => clearTimeout(timer);
  }, [loaded.error]);
  return html`<p><a href=${to("requests", route.query)}>← ${t("requests")}</a></p>
    <h1>${t("request")}</h1>
    <p><code>${id}</code> <${Copy} text=${id} /></p>
    ${waits
      ? html`<p class="quiet" role="status">${t("notSettledYet")}</p><${Loading} shape="card" />`
      : html`<${Loaded} loaded=${loaded} shape="card">${(entry) => html`<${Whole} entry=${entry} />`}<//>`}`;
}

// A request's id begins with its time: one of this minute may not be settled yet.
const isNew = (id) => Date.now() - parseInt(id.split("-")[0], 16) < SETTLES_WITHIN;

function Whole({ entry }) {
  const { request } = entry;
  if (!request) return html`<${Ledger} entry=${entry} />`;
  return html`
    <h2>${t("money")}</h2><${Facts} facts=${money(request, entry.paidBy)} />
    <h2>${t("route")}</h2><${Facts} facts=${way(request, entry.createdAt)} />
    <h2>${t("usedTokens")}</h2><${Facts} facts=${used(request)} />
    ${request.ignored && html`<h2>${t("ignored")}</h2>
      <p>${t("ignoredHow")}</p>
      <ul>${request.ignored.map((name) => html`<li><code>${name}</code></li>`)}</ul>`}
    <${Ledger} entry=${entry} />`;
}

const money = (request, paidBy) => [
  [t("hold"), usd(request.hold)],
  [t("capOnOutput"), capOf(request)],
  [t("cost"), usd(request.charged)],
  paidBy?.some((part) => part.grantId) && [t("paidBy"), paidBy.map((part) => html`<div>
    ${usd(part.amount)} ${part.grantId ? html`${t("ofGrant")} <code>${part.grantId}</code>` : t("ofCredit")}
  </div>`)],
  [t("balanceAfter"), usd(request.balance)],
  [t("priceVersion"), html`<a href=${to("models", {}, request.model)}>${request.priceVersion}</a>`],
  request.serviceTier && [t("serviceTier"), request.serviceTier],
];

function capOf({ maxTokens, capped }) {
  if (maxTokens == null) return t("capNone");
  const tokens = t("tokensMany", { count: number(maxTokens) });
  return capped ? html`<span class="wrong">${tokens}, ${t("cappedByBalance")}</span>` : `${tokens}, ${t("capOfModel")}`;
}

const way = (request, createdAt) => [
  [t("time"), time(createdAt)],
  [t("status"), html`<${Status} of=${request} />`],
  [t("model"), html`<a href=${to("models", {}, request.model)}>${request.model}</a>`],
  [t("provider"), request.provider],
  [t("attempts"), number(request.attempts)],
  request.strategy && [t("strategy"), request.strategy],
  request.leftOut && [t("passedOver"), request.leftOut.join(", ")],
  [t("surface"), `${request.surface}, ${t(request.stream ? "streamed" : "whole")}`],
  [t("latency"), seconds(request.latencyMs)],
  [t("firstToken"), seconds(request.timeToFirstTokenMs)],
  [t("keyId"), html`<code>${request.keyId}</code>`],
];

const used = (request) => [
  ...KINDS.map((kind) => request.tokens[kind] != null && [t(`tokens_${kind}`), number(request.tokens[kind])]),
  ...Object.entries(request.tools || {}).map(([name, calls]) => [t("toolCalls", { name }), number(calls)]),
  [t("counted"), t(request.estimated ? "estimated" : "byProvider")],
];

function Ledger({ entry }) {
  const columns = [
    { title: t("account"), of: (row) => row.account },
    { title: t("amount"), number: true, of: (row) => usd(row.amount) },
  ];
  const facts = [
    [t("entry"), html`<code>${entry.id}</code>`],
    [t("kind"), t(`entry_${entry.type}`)],
    [t("time"), time(entry.createdAt)],
    entry.description && [t("description"), entry.description],
  ];
  const rows = entry.postings.map((row) => ({ ...row, key: row.account }));
  return html`<h2>${t("ledgerEntry")}</h2>
    <${Facts} facts=${facts} />
    <${Table} caption=${t("ledgerEntry")} columns=${columns} rows=${rows} />`;
}
