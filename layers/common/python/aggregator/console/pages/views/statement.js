// Statement: every entry of the wallet, with the running total, and the whole of it as CSV.
import { get, send } from "../api.js";
import { download } from "../csv.js";
import { number, startOfDay, time, usd } from "../format.js";
import { html } from "../h.js";
import { nano, running } from "../money.js";
import { change, to } from "../route.js";
import { t } from "../text.js";
import { Act, Choice, Loaded, Table, usePages } from "../ui.js";
import { LaterAutoTopUp, TopUp } from "./topup.js";

const RANGES = { 7: 7, 31: 31, 92: 92, 366: 366, all: null };
const BEGINNING = "2020-01-01T00:00:00Z";
const TRIES = 3;

export function Statement({ me, route }) {
  const path = `/billing/transactions/${encodeURIComponent(me.userId)}`;
  const days = route.query.days in RANGES ? route.query.days : "31";
  const from = RANGES[days] === null ? BEGINNING : startOfDay(RANGES[days] - 1).toISOString();
  const query = { from, limit: 100 };
  const { loaded, rows, next } = usePages(
    (signal) => firstPage(path, me.userId, query, signal),
    (cursor) => get(path, { ...query, cursor }),
    "entries",
    [days],
  );
  const words = (count) => (count ? t("lastDays", { days: count }) : t("all"));
  const ranges = Object.entries(RANGES).map(([name, count]) => [name, words(count)]);
  const mayPay = me.admin || me.scopes.includes("keys:manage");
  return html`<h1>${t("statement")}</h1>
    ${mayPay && html`<div class="pay"><${TopUp} me=${me} /> <${LaterAutoTopUp} me=${me} /></div>`}
    <form class="filters" onSubmit=${(event) => event.preventDefault()}>
      <${Choice} label=${t("range")} value=${days} options=${ranges} pick=${(each) => change(route, { days: each })} />
      <${Act} act=${(say) => save("statement.csv", path, { from }, say)}>${t("asCsv")}<//>
      <${Act} act=${(say) => saveBill(me.userId, say)}>${t("asFocus")}<//>
    </form>
    <${Loaded} loaded=${loaded} isEmpty=${(data) => !data.entries.length} empty=${t("noEntries")}>
      ${(data) => html`
        <${Table} caption=${t("statement")} columns=${columns()} rows=${withTotals(rows, data.total)} />
        ${next && html`<p><${Act} act=${next}>${t("more")}<//></p>`}`}
    <//>`;
}

// The newest entries, and what was there in all when they were read: the total must be the same before and after, for
// an entry between the two would be in one and not in the other.
async function firstPage(path, userId, query, signal) {
  const total = async () => (await get(`/billing/balance/${encodeURIComponent(userId)}`, {}, { signal })).total;
  let before = await total();
  for (let tries = 1; ; tries += 1) {
    const page = await get(path, query, { signal });
    const after = await total();
    if (before === after || tries === TRIES) return { ...page, total: after };
    before = after;
  }
}

const withTotals = (entries, total) => running(entries, total).map((entry) => ({ ...entry, key: entry.id }));

const signOf = (amount) => (nano(amount) > 0n ? "good" : "");

const columns = () => [
  { title: t("time"), of: (entry) => time(entry.createdAt) },
  { title: t("kind"), of: (entry) => t(`entry_${entry.type}`) },
  { title: t("description"), of: what },
  { title: t("amount"), number: true, of: ({ amount }) => html`<span class=${signOf(amount)}>${usd(amount)}</span>` },
  { title: t("totalAfter"), number: true, of: (entry) => usd(entry.left) },
];

function what({ request, description, refersTo }) {
  if (request) return html`<a href=${to("requests", {}, request.requestId)}>${request.model}</a>`;
  const refers = refersTo && html`<br /><small class="quiet">${t("refersTo")} <code>${refersTo}</code></small>`;
  return html`${description || "–"}${refers}`;
}

// All of the range: an answer that had to end early says where the next begins.
async function save(name, path, asked, say) {
  const parts = [];
  let cursor;
  let lines = 0;
  do {
    const answer = await send("GET", path, { query: { ...asked, cursor }, headers: { Accept: "text/csv" } });
    const text = await answer.text();
    const rest = parts.length ? text.slice(text.indexOf("\n") + 1) : text;
    parts.push(rest);
    lines += rest.split("\n").length - 1;
    cursor = answer.headers.get("x-aggregator-next-cursor");
    say(t("linesSoFar", { count: number(lines) }));
  } while (cursor);
  download(name, parts);
}

// The running month (UTC), as tools for costs read it.
function saveBill(userId, say) {
  const month = new Date().toISOString().slice(0, 7);
  return save(`focus-${month}.csv`, "/billing/focus", { month, userId }, say);
}
