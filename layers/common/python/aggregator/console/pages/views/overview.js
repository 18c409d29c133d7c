// Overview: what is there, what it was spent on, and whether requests go well.
import { get } from "../api.js";
import { localDays } from "../days.js";
import { number, percent, seconds, startOfDay, usd } from "../format.js";
import { html } from "../h.js";
import { to } from "../route.js";
import { t } from "../text.js";
import { Figure, Loaded, useLoaded } from "../ui.js";
import { OwnPlan } from "./plan.js";
import { Plot } from "./plot.js";

const DAYS = 30;

export function Overview({ me }) {
  const balance = useLoaded((signal) => get(`/billing/balance/${encodeURIComponent(me.userId)}`, {}, { signal }), []);
  const metrics = async (daysAgo, signal) => {
    const range = { from: startOfDay(daysAgo).toISOString(), to: new Date().toISOString(), granularity: "hour" };
    return get("/analytics/metrics", { userId: me.userId, ...range }, { signal });
  };
  const today = useLoaded((signal) => metrics(0, signal), []);
  const month = useLoaded((signal) => metrics(DAYS - 1, signal), []);
  const unused = (data) => !data.totals.requests;
  return html`<h1>${t("overview")}</h1>
    <${Loaded} loaded=${balance} shape="figures">${(data) => html`<${Wallet} balance=${data} />`}<//>
    <h2>${t("today")}</h2>
    <${Loaded} loaded=${today} shape="figures">${(data) => html`<${Totals} totals=${data.totals} />`}<//>
    <h2>${t("lastDays", { days: DAYS })}</h2>
    <${Loaded} loaded=${month} shape="figures">${(data) => html`<${Totals} totals=${data.totals} />`}<//>
    <${Loaded} loaded=${month} shape="plot" isEmpty=${unused} empty=${html`<${Begin} me=${me} />`}>
      ${(data) => html`<${Plot} title=${t("spentByDay")} unit="USD" days=${localDays(data)} measure="cost" />
        <p><a href=${to("usage")}>${t("usageInDetail")}</a></p>`}
    <//>
    ${balance.data?.plan && html`<${OwnPlan} id=${balance.data.plan} />`}`;
}

function Wallet({ balance }) {
  const { lapsed, lowBalanceThreshold: low } = balance;
  const warns = low ? t("warnsBelow", { amount: usd(low) }) : "";
  return html`<dl class="figures">
    <${Figure} title=${t("available")} value=${usd(balance.available)} kind="main" />
    <${Figure} title=${t("held")} value=${usd(balance.held)} note=${t("heldNote")} />
    <${Figure} title=${t("total")} value=${usd(balance.total)} note=${warns} />
    ${balance.granted && html`<${Figure} title=${t("ofItGranted")} value=${usd(balance.granted)}
      note=${html`<a href=${to("grants")}>${t("whenItEnds")}</a>`} />`}
    ${lapsed.requests > 0 && html`<${Figure} title=${t("lapsed")} value=${usd(lapsed.amount)}
      note=${t("lapsedNote", { count: number(lapsed.requests) })} />`}
  </dl>`;
}

function Totals({ totals }) {
  const { requests, errors, latencyMs } = totals;
  return html`<dl class="figures">
    <${Figure} title=${t("spent")} value=${usd(totals.cost)} />
    <${Figure} title=${t("requests")} value=${number(requests)} />
    <${Figure} title=${t("errors")} value=${number(errors)} note=${requests ? percent(errors / requests) : ""} />
    <${Figure} title=${t("latency50")} value=${seconds(latencyMs.p50)} />
    <${Figure} title=${t("latency95")} value=${seconds(latencyMs.p95)} />
  </dl>`;
}

function Begin({ me }) {
  const may = me.admin || me.scopes.includes("inference");
  return html`<p>${t("noRequests")} ${may && html`<a href=${to("playground")}>${t("tryPlayground")}</a>`}</p>`;
}
