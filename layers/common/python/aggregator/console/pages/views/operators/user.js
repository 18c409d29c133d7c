// One user: what is there, what may be booked, the newest entries with their refunds, keys and requests.
import { call, get } from "../../api.js";
import { time, usd } from "../../format.js";
import { html, useState } from "../../h.js";
import { to } from "../../route.js";
import { t } from "../../text.js";
import { Act, Figure, Loaded, Table, useLoaded, usePages } from "../../ui.js";
import { Booking } from "./booking.js";
import { GiveGrant } from "./grant.js";
import { Person } from "./person.js";

const DAYS = 366;

export function User({ id }) {
  const path = encodeURIComponent(id);
  const [refunded, refund] = useState(null);
  const balance = useLoaded((signal) => get(`/billing/balance/${path}`, {}, { signal }), []);
  const query = { limit: 20, from: new Date(Date.now() - DAYS * 86_400_000).toISOString() };
  const entries = usePages(
    (signal) => get(`/billing/transactions/${path}`, query, { signal }),
    (cursor) => get(`/billing/transactions/${path}`, { ...query, cursor }),
    "entries",
    [],
  );
  const booked = () => {
    balance.again();
    entries.loaded.again();
  };
  return html`<p><a href=${to("users")}>← ${t("users")}</a></p>
    <h1>${id}</h1>
    <${Loaded} loaded=${balance}>${(data) => html`<dl class="figures">
      <${Figure} title=${t("available")} value=${usd(data.available)} kind="main" />
      <${Figure} title=${t("held")} value=${usd(data.held)} note=${t("heldNote")} />
      <${Figure} title=${t("total")} value=${usd(data.total)} />
      <${Figure} title=${t("threshold")} value=${usd(data.lowBalanceThreshold)} />
      <${Figure}
        title=${t("lapsed")}
        value=${usd(data.lapsed.amount)}
        note=${t("lapsedNote", { requests: data.lapsed.requests })}
      />
    </dl>`}<//>
    <p class="actions">
      ${["overview", "requests", "usage", "keys", "statement", "grants", "alerts"].map(
        (view) => html`<a class="button" href=${to(view, { userId: id })}>${t("hisView", { view: t(view) })}</a>`,
      )}
    </p>
    <${Person} id=${id} />
    <${Booking}
      key=${refunded?.id || "new"}
      id=${id}
      available=${balance.data?.available}
      refunded=${refunded}
      booked=${booked}
      cancel=${() => refund(null)}
    />
    <${GiveGrant} whose=${{ userId: id }} given=${booked} />
    <h2>${t("newestEntries")}</h2>
    <${Loaded} loaded=${entries.loaded} isEmpty=${(data) => !data.entries.length} empty=${t("noEntries")}>
      ${() => html`<${Table}
        caption=${t("newestEntries")}
        columns=${entryColumns(id, refund)}
        rows=${entries.rows.map((row) => ({ ...row, key: row.id }))}
      />
        ${entries.next && html`<p><${Act} act=${entries.next}>${t("more")}<//></p>`}`}
    <//>
    <h2>${t("keys")}</h2>
    <${Keys} id=${id} />`;
}

const entryColumns = (id, refund) => [
  { title: t("time"), of: (entry) => time(entry.createdAt) },
  { title: t("kind"), of: (entry) => t(`entry_${entry.type}`) },
  {
    title: t("description"),
    of: (entry) =>
      entry.request
        ? html`<a href=${to("requests", { userId: id }, entry.request.requestId)}>${entry.request.model}</a>`
        : entry.description || "–",
  },
  { title: t("amount"), number: true, of: (entry) => usd(entry.amount) },
  {
    title: t("actions"),
    of: (entry) =>
      entry.amount.startsWith("-") &&
      html`<button type="button" onClick=${() => refund(entry)}>${t("refund")}</button>`,
  },
];

function Keys({ id }) {
  const query = { userId: id, limit: 20 };
  const { loaded, rows, next } = usePages(
    (signal) => get("/auth/api-keys", query, { signal }),
    (cursor) => get("/auth/api-keys", { ...query, cursor }),
    "data",
    [],
  );
  const columns = [
    { title: t("name"), of: (key) => html`${key.name}<br /><code class="quiet">${key.id}</code>
      ${key.teamId && html`<br /><small>${t("teamPays", { team: key.teamId })}</small>`}` },
    {
      title: t("state"),
      of: (key) => html`<span class=${key.status === "active" ? "good" : "quiet"}>${t(`key_${key.status}`)}</span>`,
    },
    { title: t("may"), of: (key) => key.scopes.join(", ") },
    { title: t("lastUsed"), of: (key) => time(key.lastUsedAt) },
    {
      title: t("actions"),
      of: (key) =>
        key.status === "active" &&
        html`<${Act} act=${() => revoke(key).then(loaded.again)} confirm=${t("revokeSure")}>${t("revoke")}<//>`,
    },
  ];
  return html`<${Loaded} loaded=${loaded} isEmpty=${(data) => !data.data.length} empty=${t("noKeys")}>
    ${() => html`<${Table}
      caption=${t("keys")}
      columns=${columns}
      rows=${rows.map((row) => ({ ...row, key: row.id }))}
    />
      ${next && html`<p><${Act} act=${next}>${t("more")}<//></p>`}`}
  <//>`;
}

const revoke = (key) => call("DELETE", `/auth/api-keys/${encodeURIComponent(key.id)}`);
