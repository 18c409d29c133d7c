// Overview: what is there, what it was spent on, and whether requests go well.
import { get } from "../api.js";
import { number, percent, seconds, startOfDay, usd } from "../format.js";
import { html } from "../h.js";
import { to } from "../route.js";
import { t } from "../text.js";
import { Figure, Loaded, useLoaded } from "../ui.js";
import { Plot, points } from "./plot.js";

export function Overview({ me }) {
  const balance = useLoaded((signal) => get(`/billing/balance/${encodeURIComponent(me.userId)}`, {}, { signal }), []);
  const figures = useLoaded(async (signal) => {
    const query = { userId: me.userId, to: new Date().toISOString() };
    const [today, month] = await Promise.all([
      get("/analytics/metrics", { ...query, from: startOfDay().toISOString(), granularity: "hour" }, { signal }),
      get("/analytics/metrics", { ...query, from: startOfDay(29).toISOString(), granularity: "day" }, { signal }),
    ]);
    return { today, month };
  }, []);
  return html`<h1>${t("overview")}</h1>
    <${Loaded} loaded=${balance}>${(data) => html`<dl class="figures">
      <${Figure} title=${t("available")} value=${usd(data.available)} kind="main" />
      <${Figure} title=${t("held")} value=${usd(data.held)} note=${t("heldNote")} />
      <${Figure} title=${t("total")} value=${usd(data.total)} note=${data.lowBalanceThreshold ? t("warnsBelow", { amount: usd(data.lowBalanceThreshold) }) : ""} />
    </dl>`}<//>
    <${Loaded} loaded=${figures}>${({ today, month }) => html`
      <h2>${t("today")}</h2><${Totals} totals=${today.totals} />
      <h2>${t("days30")}</h2><${Totals} totals=${month.totals} />
      ${month.totals.requests === 0
        ? html`<p class="empty">${t("noRequests")} <a href=${to("playground")}>${t("tryPlayground")}</a></p>`
        : html`<${Plot} title=${t("spendByDay")} unit="USD" points=${points(month)} />`}
    `}<//>`;
}

function Totals({ totals }) {
  const failed = totals.requests ? totals.errors / totals.requests : 0;
  return html`<dl class="figures">
    <${Figure} title=${t("spent")} value=${usd(totals.cost)} />
    <${Figure} title=${t("requests")} value=${number(totals.requests)} />
    <${Figure} title=${t("errors")} value=${number(totals.errors)} note=${totals.requests ? percent(failed) : ""} />
    <${Figure} title=${t("latency50")} value=${seconds(totals.latencyMs.p50)} />
    <${Figure} title=${t("latency95")} value=${seconds(totals.latencyMs.p95)} />
  </dl>`;
}
