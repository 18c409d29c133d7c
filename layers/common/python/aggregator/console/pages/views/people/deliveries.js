// What was sent to webhooks in 30 days; what was never taken stands out, and is sent again from here.
import { call, get } from "../../api.js";
import { number, time } from "../../format.js";
import { html, useEffect } from "../../h.js";
import { t } from "../../text.js";
import { Act, Loaded, Table, usePages } from "../../ui.js";
import { alertOf } from "./webhookform.js";

const LOOKS_AGAIN = 10_000;

// `sent` changes when something new is on its way.
export function Deliveries({ me, webhooks, sent }) {
  const query = { userId: me.userId, limit: 50 };
  const { loaded, rows, next } = usePages(
    (signal) => get("/alerts/deliveries", query, { signal }),
    (cursor) => get("/alerts/deliveries", { ...query, cursor }),
    "data",
    [sent],
  );
  const waits = loaded.data?.data.some((row) => row.state === "pending");
  useEffect(() => {
    if (!waits) return undefined;
    const timer = setTimeout(loaded.again, LOOKS_AGAIN);
    return () => clearTimeout(timer);
  }, [loaded.data]);
  const replay = async (delivery) => {
    const path = `/alerts/deliveries/${encodeURIComponent(delivery.id)}/replay`;
    await call("POST", path, { query: { userId: me.userId } });
    loaded.again();
  };
  const urls = new Map(webhooks.map((webhook) => [webhook.id, webhook.url]));
  const failed = rows.filter((row) => row.state === "failed");
  return html`<${Loaded} loaded=${loaded} isEmpty=${(data) => !data.data.length} empty=${t("noDeliveries")}>
    ${() => html`
      ${failed.length > 0 && html`<div class="notice bad" role="status">
        <h3>${t("neverTaken", { count: number(failed.length) })}</h3>
        <p>${t("neverTakenHow")}</p>
      </div>`}
      <${Table}
        caption=${t("deliveries")}
        columns=${columns(urls, replay)}
        rows=${rows.map((row) => ({ ...row, key: row.id }))}
      />
      ${next && html`<p><${Act} act=${next}>${t("more")}<//></p>`}`}
  <//>`;
}

const LOOKS = { pending: "quiet", delivered: "good", failed: "wrong" };

const columns = (urls, replay) => [
  { title: t("time"), of: (row) => time(row.createdAt) },
  {
    title: t("what"),
    of: (row) => html`${alertOf(row.kind)}
      <details class="left"><summary>${t("body")}</summary>
        <pre class="code">${JSON.stringify(row.body, null, 2)}</pre>
      </details>`,
  },
  { title: t("address"), of: (row) => urls.get(row.webhookId) ?? html`<span class="quiet">${t("webhookGone")}</span>` },
  {
    title: t("state"),
    of: (row) => html`<span class=${LOOKS[row.state]}>${t(`delivery_${row.state}`)}</span>
      ${row.deliveredAt && html`<br /><small>${time(row.deliveredAt)}</small>`}`,
  },
  { title: t("tries"), number: true, of: (row) => number(row.tries) },
  { title: t("lastAnswer"), of: (row) => row.lastAnswer ?? "–" },
  {
    title: t("actions"),
    of: (row) => row.state !== "pending" && urls.has(row.webhookId)
      && html`<${Act} act=${() => replay(row)}>${t(row.kind === "test" ? "testAgain" : "replay")}<//>`,
  },
];
