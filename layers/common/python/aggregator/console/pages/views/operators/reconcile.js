// Reconcile: whether every account is the sum of its ledger, as the last daily run found, and the runs before it.
import { get } from "../../api.js";
import { number, time, usd } from "../../format.js";
import { html } from "../../h.js";
import { to } from "../../route.js";
import { t } from "../../text.js";
import { Loaded, Table, useLoaded } from "../../ui.js";

const RUNS = 7;
const FEW_ORPHANS = 5;
const LONG_MS = 3_600_000;

export function Reconcile() {
  const loaded = useLoaded((signal) => get("/billing/reconciliations", { limit: RUNS }, { signal }), []);
  return html`<h1>${t("reconcile")}</h1>
    <p class="quiet">${t("reconcileNote")}</p>
    <${Loaded} loaded=${loaded} isEmpty=${(data) => !data.data.length} empty=${t("noRuns")}>
      ${({ data: [last, ...before] }) => html`<${Last} run=${last} />
        ${before.length > 0 && html`<h2>${t("runsBefore")}</h2>
          <${Table}
            caption=${t("runsBefore")}
            columns=${columns()}
            rows=${before.map((run) => ({ ...run, key: run.startedAt }))}
          />`}`}
    <//>`;
}

function Last({ run }) {
  const stuck = !run.over && Date.now() - Date.parse(run.startedAt) > LONG_MS;
  return html`<section class="card">
    <h2>${t("lastRun", { time: time(run.startedAt) })}</h2>
    <p role="status"><strong><${Verdict} run=${run} /></strong></p>
    ${stuck && html`<p class="wrong">${t("runStuck")}</p>`}
    <dl class="facts">
      ${facts(run).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}
    </dl>
    ${run.orphanHolds > FEW_ORPHANS && html`<p class="warn">
      ${t("orphansMany")} <code>docs/runbook.md#holds-that-lapsed</code>
    </p>`}
  </section>
  ${run.findings.map((found) => html`<${Finding} key=${found.userId} found=${found} />`)}`;
}

function Verdict({ run }) {
  if (run.unsound) return html`<span class="wrong">${t("runUnsound", { count: number(run.unsound) })}</span>`;
  return run.over
    ? html`<span class="good">${t("runSound")}</span>`
    : html`<span class="quiet">${t("runGoesOn")}</span>`;
}

const facts = (run) => [
  [t("examined"), number(run.accounts)],
  [t("idle"), number(run.idle)],
  [t("entriesRead"), number(run.entries)],
  [t("orphanHolds"), number(run.orphanHolds)],
  [t("loss"), usd(run.loss)],
  ...(run.notJudged ? [[t("notJudged"), number(run.notJudged)]] : []),
];

function Finding({ found }) {
  return html`<section class="notice bad">
    <h3><a href=${to("users", {}, found.userId)}>${found.userId}</a></h3>
    <p>${inWords(found.drift)}</p>
    ${found.misfits.length > 0 && html`<ul>${found.misfits.map((misfit) => html`<li>${misfit}</li>`)}</ul>`}
    ${
      found.mispricedEntries > 0 &&
      html`<p>${t("mispriced", { count: number(found.mispricedEntries) })}</p>
      <ul>${found.mispriced.map(
        (id) => html`<li><a href=${to("requests", { userId: found.userId }, id)}><code>${id}</code></a></li>`,
      )}</ul>`
    }
    <p class="quiet">${t("runbook")}: <code>docs/runbook.md#reconcile</code></p>
  </section>`;
}

function inWords(drift) {
  if (Number(drift) === 0) return t("noDrift");
  return drift.startsWith("-")
    ? t("driftLess", { amount: usd(drift.slice(1)) })
    : t("driftMore", { amount: usd(drift) });
}

const columns = () => [
  { title: t("time"), of: (run) => time(run.startedAt) },
  { title: t("found"), of: (run) => html`<${Verdict} run=${run} />` },
  { title: t("examined"), number: true, of: (run) => number(run.accounts) },
  { title: t("entriesRead"), number: true, of: (run) => number(run.entries) },
  { title: t("orphanHolds"), number: true, of: (run) => number(run.orphanHolds) },
  { title: t("loss"), number: true, of: (run) => usd(run.loss) },
];
