// Statement: every entry of the wallet, with the running total, and the whole of it as CSV.
import { get, send } from "../api.js";
import { startOfDay, time, usd } from "../format.js";
import { html } from "../h.js";
import { change, to } from "../route.js";
import { t } from "../text.js";
import { Act, Field, Loaded, Table, usePages } from "../ui.js";
import { download } from "./usage.js";

export function Statement({ me, route }) {
  const path = `/billing/transactions/${encodeURIComponent(me.userId)}`;
  const days = [7, 31, 92, 366].includes(Number(route.query.days)) ? Number(route.query.days) : 31;
  const query = { from: startOfDay(days - 1).toISOString(), limit: 100 };
  const first = async (signal) => {
    const [page, balance] = await Promise.all([get(path, query, { signal }), get(`/billing/balance/${encodeURIComponent(me.userId)}`, {}, { signal })]);
    return { ...page, balance };
  };
  const { loaded, rows, next } = usePages(first, (cursor) => get(path, { ...query, cursor }), "entries", [days]);
  return html`<h1>${t("statement")}</h1>
    <form class="filters" onSubmit=${(event) => event.preventDefault()}>
      <${Field} label=${t("range")}>
        <select value=${days} onChange=${(event) => change(route, { days: event.target.value })}>
          ${[7, 31, 92, 366].map((each) => html`<option value=${each}>${t("lastDays", { days: each })}</option>`)}
        </select>
      <//>
      <${Act} act=${() => csv(path, query)}>${t("asCsv")}<//>
    </form>
    <${Loaded} loaded=${loaded} isEmpty=${(data) => !data.entries.length} empty=${t("noEntries")}>
      ${(data) => html`<${Table} caption=${t("statement")} columns=${columns()} rows=${running(rows, data.balance.total)} />
        ${next && html`<p><${Act} act=${next}>${t("more")}<//></p>`}`}
    <//>`;
}

// Nano-dollars as whole numbers: money is added exactly.
const nano = (amount) => {
  const negative = amount.startsWith("-");
  const [whole, part = ""] = amount.replace("-", "").split(".");
  const value = BigInt(whole) * 1_000_000_000n + BigInt(part.padEnd(9, "0"));
  return negative ? -value : value;
};

const written = (value) => {
  const size = value < 0n ? -value : value;
  const part = (size % 1_000_000_000n).toString().padStart(9, "0").replace(/0{1,7}$/, "");
  return `${value < 0n ? "-" : ""}${size / 1_000_000_000n}.${part}`;
};

// The newest entry left what is there in all now; each older one left that less what came after it.
function running(entries, total) {
  let left = nano(total);
  return entries.map((entry) => {
    const row = { ...entry, key: entry.id, left: written(left) };
    left -= nano(entry.amount);
    return row;
  });
}

const columns = () => [
  { title: t("time"), of: (entry) => time(entry.createdAt) },
  { title: t("kind"), of: (entry) => t(`entry_${entry.type}`) },
  { title: t("description"), of: (entry) => (entry.request ? html`<a href=${to("requests", {}, entry.request.requestId)}>${entry.request.model}</a>` : entry.description || "–") },
  { title: t("amount"), number: true, of: (entry) => html`<span class=${nano(entry.amount) > 0n ? "good" : ""}>${usd(entry.amount)}</span>` },
  { title: t("totalAfter"), number: true, of: (entry) => usd(entry.left) },
];

// All of the range: an answer that had to end early says where the next begins.
async function csv(path, { from }) {
  const parts = [];
  let cursor;
  do {
    const answer = await send("GET", path, { query: { from, cursor }, headers: { Accept: "text/csv" } });
    const text = await answer.text();
    parts.push(parts.length ? text.slice(text.indexOf("\n") + 1) : text);
    cursor = answer.headers.get("x-aggregator-next-cursor");
  } while (cursor);
  download("statement.csv", parts.join(""));
}
