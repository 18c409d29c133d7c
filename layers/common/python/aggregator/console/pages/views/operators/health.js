// Health: each thing that requests need, queues and dead letters with the way to move them back, alarms.
import { ApiError, get, SERVER, Unreachable } from "../../api.js";
import { number, seconds, time } from "../../format.js";
import { html, useEffect } from "../../h.js";
import { t } from "../../text.js";
import { Copy, Loaded, Table, useLoaded } from "../../ui.js";

const AGAIN_MS = 30_000;

export function Health() {
  const health = useLoaded(asked, []);
  const details = useLoaded((signal) => get("/health/details", {}, { signal }), []);
  const again = () => {
    health.again();
    details.again();
  };
  useEffect(() => {
    const timer = setInterval(again, AGAIN_MS);
    return () => clearInterval(timer);
  }, []);
  return html`<h1>${t("health")}</h1>
    <${Loaded} loaded=${health}>${(data) => html`
      <p class=${kindOf(data.status)} role="status">
        <strong>${t(`health_${data.status}`)}</strong>${" "}
        <span class="quiet">
          ${t("versionAndUptime", { version: data.version, seconds: number(Math.round(data.uptimeMs / 1000)) })}
        </span>
      </p>
      <p><button type="button" onClick=${again}>${t("lookAgain")}</button></p>
      <${Table} caption=${t("dependencies")} columns=${dependencyColumns()} rows=${dependencies(data)} />`}
    <//>
    <${Loaded} loaded=${details}>${(data) => html`
      <h2>${t("queues")}</h2>
      <${Table}
        caption=${t("queues")}
        columns=${queueColumns()}
        rows=${data.queues.map((row) => ({ ...row, key: row.name }))}
      />
      <${Dead} queues=${data.queues.filter((row) => row.deadLetters)} />
      <h2>${t("alarms")}</h2>
      <${Alarms} alarms=${data.alarms} />`}
    <//>`;
}

// It answers 503 with the same body where requests cannot be served: that is what is to be shown.
async function asked(signal) {
  let answer;
  try {
    answer = await fetch(`${SERVER}/health`, { signal, cache: "no-store" });
  } catch (failed) {
    if (failed.name === "AbortError") throw failed;
    throw new Unreachable(failed.message);
  }
  const said = await answer.json().catch(() => ({}));
  if (!said.domains)
    throw new ApiError(
      answer.status,
      said.error || {},
      answer.headers.get("Retry-After"),
      answer.headers.get("x-request-id"),
    );
  return said;
}

const kindOf = (status) => (status === "ok" ? "good" : status === "down" ? "wrong" : "warn");

const dependencies = (data) => [
  ...Object.entries(data.domains).map(([name, said]) => ({ key: name, name: t("tableOf", { domain: name }), ...said })),
  { key: "bus", name: t("bus"), ...data.bus },
  ...Object.entries(data.queues).map(([name, said]) => ({ key: name, name: t("queueOf", { name }), ...said })),
  { key: "providers", name: t("catalogue"), ...data.providers },
];

const dependencyColumns = () => [
  { title: t("name"), of: (row) => row.name },
  {
    title: t("state"),
    of: (row) =>
      html`<span class=${kindOf(row.status)}>${t(`answers_${row.status}`)}</span>
        ${row.reason ? html`<br /><small>${row.reason}</small>` : ""}`,
  },
  { title: t("latency"), number: true, of: (row) => seconds(row.latencyMs) },
];

const nameOf = (row) => t(`queue_${row.name.replace("-", "_")}`);

const count = (value) => (value == null ? "–" : number(value));

const queueColumns = () => [
  { title: t("queue"), of: (row) => html`${nameOf(row)}<br /><code class="quiet">${row.name}</code>` },
  {
    title: t("inQueue"),
    number: true,
    of: (row) => (row.reason ? html`<span class="warn">${row.reason}</span>` : count(row.waiting)),
  },
  { title: t("inFlight"), number: true, of: (row) => count(row.inFlight) },
  { title: t("oldest"), number: true, of: (row) => ageOf(row.oldestSeconds) },
  {
    title: t("deadLetters"),
    number: true,
    of: (row) => html`<span class=${row.deadLetters ? "wrong" : ""}>${count(row.deadLetters)}</span>`,
  },
  { title: t("oldestDead"), number: true, of: (row) => ageOf(row.oldestDeadLetterSeconds) },
];

const ageOf = (age) => (age == null ? "–" : seconds(age * 1000));

function Dead({ queues }) {
  if (!queues.length) return html`<p class="quiet">${t("noDeadLetters")}</p>`;
  return queues.map(
    (row) => html`<section class="notice bad">
    <h3>${t("deadIn", { name: nameOf(row), count: number(row.deadLetters) })}</h3>
    <p>${row.redrive ? t("redriveHow") : t("noRedrive")}</p>
    ${row.redrive && html`<pre tabindex="0"><code>${row.redrive}</code></pre><p><${Copy} text=${row.redrive} /></p>`}
    <p class="quiet">${t("runbook")}: <${Runbook} at=${row.runbook} /></p>
  </section>`,
  );
}

// An address where operators said one at deployment, else a file of the repository.
function Runbook({ at }) {
  return at.startsWith("https://")
    ? html`<a href=${at} target="_blank" rel="noopener">${at}</a>`
    : html`<code>${at}</code>`;
}

function Alarms({ alarms }) {
  if (alarms == null) return html`<p class="empty">${t("alarmsUnknown")}</p>`;
  if (!alarms.length) return html`<p class="empty">${t("noAlarms")}</p>`;
  const columns = [
    { title: t("alarm"), of: (row) => row.name },
    {
      title: t("state"),
      of: (row) =>
        html`<span class=${{ alarm: "wrong", ok: "good" }[row.state] || "quiet"}>${t(`alarm_${row.state}`)}</span>
          <br /><small>${t("since", { time: time(row.since) })}</small>`,
    },
    { title: t("means"), of: (row) => row.means },
    { title: t("runbook"), of: (row) => html`<${Runbook} at=${row.runbook} />` },
  ];
  const rows = alarms.map((row) => ({ ...row, key: row.name }));
  return html`<${Table} caption=${t("alarms")} columns=${columns} rows=${rows} />`;
}
