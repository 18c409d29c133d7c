// Alerts: the addresses that hear of them, and what was sent there, with what became of it.
import { call, get } from "../../api.js";
import { time } from "../../format.js";
import { html, useEffect, useRef, useState } from "../../h.js";
import { t } from "../../text.js";
import { Act, Copy, Loaded, Table, useLoaded } from "../../ui.js";
import { Deliveries } from "./deliveries.js";
import { alertOf, WebhookForm } from "./webhookform.js";

export function Alerts({ me }) {
  const [made, setMade] = useState(null);
  const [isNew, setNew] = useState(false);
  const query = { userId: me.userId };
  const loaded = useLoaded((signal) => get("/alerts/webhooks", query, { signal }), []);
  const [sent, tellSent] = useState(0);
  const done = (webhook) => {
    setMade(webhook);
    setNew(false);
    loaded.again();
    tellSent(sent + 1);
  };
  const remove = async (webhook) => {
    await call("DELETE", `/alerts/webhooks/${encodeURIComponent(webhook.id)}`, { query });
    if (made?.id === webhook.id) setMade(null);
    loaded.again();
  };
  return html`<h1>${t("alerts")}</h1>
    <p>${t("alertsNote")}</p>
    <${Made} made=${made} noted=${() => setMade(null)} />
    ${isNew
      ? html`<${WebhookForm} me=${me} done=${done} cancel=${() => setNew(false)} />`
      : html`<p><button type="button" class="primary" onClick=${() => setNew(true)}>${t("newWebhook")}</button></p>`}
    <h2>${t("webhooks")}</h2>
    <${Loaded} loaded=${loaded} isEmpty=${(found) => !found.data.length} empty=${t("noWebhooks")}>
      ${(found) => html`<${Table} caption=${t("webhooks")} columns=${columns(me, remove)}
        rows=${found.data.map((row) => ({ ...row, key: row.id }))} />`}
    <//>
    <h2>${t("deliveries")}</h2>
    <p class="quiet">${t("deliveriesNote")}</p>
    <${Deliveries} me=${me} webhooks=${loaded.data?.data ?? []} sent=${sent} />`;
}

const columns = (me, remove) => [
  { title: t("address"), of: (row) => html`${row.url}<br /><code class="quiet">${row.id}</code>` },
  ...(me.admin ? [{ title: t("userId"), of: (row) => row.userId }] : []),
  { title: t("hearsOf"), of: (row) => row.kinds.map((kind) => html`<div>${alertOf(kind)}</div>`) },
  { title: t("created"), of: (row) => time(row.createdAt) },
  {
    title: t("actions"),
    of: (row) => html`<${Act} act=${() => remove(row)} confirm=${t("removeWebhookSure")}>${t("removeWebhook")}<//>`,
  },
];

// The secret that signs what a new webhook is sent: this once.
function Made({ made, noted }) {
  const box = useRef(null);
  useEffect(() => void (made && box.current.focus()), [made]);
  if (!made) return "";
  return html`<div class="notice" role="status" tabindex="-1" ref=${box}>
    <p><strong>${made.url}</strong>${made.secret && `: ${t("secretOnce")}`}</p>
    ${made.secret && html`<p><code class="secret">${made.secret}</code></p>`}
    <p>${t("testOnItsWay")}</p>
    <p class="actions">
      ${made.secret && html`<${Copy} text=${made.secret} />`}
      <button type="button" onClick=${noted}>${t("noted")}</button>
    </p>
  </div>`;
}
