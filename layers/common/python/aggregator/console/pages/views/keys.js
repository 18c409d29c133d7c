// Keys: list, make (the secret is shown once), limit, rotate, revoke; one key with its history.
import { call, get } from "../api.js";
import { number, time } from "../format.js";
import { html, useEffect, useRef, useState } from "../h.js";
import { limitsOf } from "../limits.js";
import { change, to } from "../route.js";
import { t } from "../text.js";
import { Act, Choice, Copy, Facts, Loaded, Table, useLoaded, usePages } from "../ui.js";
import { KeyForm } from "./keyform.js";

// How long an old secret works on, in seconds.
const OVERLAPS = { 0: "overlapNone", 3600: "overlapHour", 86400: "overlapDay", 604800: "overlapWeek" };

export function Keys({ me, route }) {
  const [made, setMade] = useState(null);
  if (route.id) return html`<${One} key=${route.id} id=${route.id} me=${me} made=${made} setMade=${setMade} />`;
  return html`<${List} me=${me} route=${route} made=${made} setMade=${setMade} />`;
}

function List({ me, route, made, setMade }) {
  const query = { userId: me.userId, limit: 50 };
  const { loaded, rows, next } = usePages(
    (signal) => get("/auth/api-keys", query, { signal }),
    (cursor) => get("/auth/api-keys", { ...query, cursor }),
    "data",
    [],
  );
  const state = route.query.state || "";
  const shown = rows.filter((key) => !state || key.status === state).map((key) => ({ ...key, key: key.id }));
  const done = (key) => {
    setMade(key);
    close();
    loaded.again();
  };
  const close = () => change(route, { new: "", team: "" });
  const begin = () => change(route, { new: "1" });
  const narrow = (name) => change(route, { state: name });
  const states = [["", t("any")], ...["active", "expired", "revoked"].map((each) => [each, t(`key_${each}`)])];
  return html`<h1>${t("keys")}</h1>
    <${Made} made=${made} noted=${() => setMade(null)} />
    ${route.query.new
      ? html`<${KeyForm} me=${me} team=${route.query.team} done=${done} cancel=${close} />`
      : html`<p><button type="button" class="primary" onClick=${begin}>${t("newKey")}</button></p>`}
    <form class="filters" onSubmit=${(event) => event.preventDefault()}>
      <${Choice} label=${t("state")} value=${state} options=${states} pick=${narrow} />
    </form>
    <${Loaded} loaded=${loaded} isEmpty=${(data) => !data.data.length} empty=${t("noKeys")}>
      ${() => html`
        ${shown.length
          ? html`<${Table} caption=${t("keys")} columns=${columns()} rows=${shown} />`
          : html`<p class="empty">${t("noSuchKeys")}</p>`}
        ${next && html`<p><${Act} act=${next}>${t("more")}<//></p>`}`}
    <//>`;
}

const columns = () => [
  {
    title: t("name"),
    of: ({ id, name, teamId }) => html`<a href=${to("keys", {}, id)}>${name}</a><br /><code>${id}</code>
      ${teamId && html`<br /><small>${t("teamPays", { team: teamId })}</small>`}`,
  },
  { title: t("state"), of: (key) => html`<${State} of=${key} />` },
  { title: t("may"), of: (key) => html`${key.scopes.join(", ")}<br /><small>${key.allowedModels?.join(", ")}</small>` },
  { title: t("limits"), of: (key) => limitsOf(key).map((words) => html`<div>${words}</div>`) },
  { title: t("lastUsed"), of: (key) => (key.lastUsedAt ? time(key.lastUsedAt) : t("never")) },
];

function State({ of: key }) {
  const active = key.status === "active";
  const ends = active && key.expiresAt && t("untilTime", { time: time(key.expiresAt) });
  return html`<span class=${active ? "good" : "quiet"}>${t(`key_${key.status}`)}</span>
    ${ends && html`<br /><small>${ends}</small>`}
    ${key.revokedAt && html`<br /><small>${time(key.revokedAt)}</small>`}`;
}

// A secret that was just made: this once.
function Made({ made, noted }) {
  const box = useRef(null);
  useEffect(() => void (made?.key && box.current.focus()), [made]);
  if (!made?.key) return "";
  return html`<div class="notice" role="status" tabindex="-1" ref=${box}>
    <p><strong>${made.name}</strong>: ${t("keyOnce")}</p>
    <p><code class="secret">${made.key}</code></p>
    <p class="actions"><${Copy} text=${made.key} /> <button type="button" onClick=${noted}>${t("noted")}</button></p>
  </div>`;
}

function One({ id, me, made, setMade }) {
  const path = `/auth/api-keys/${encodeURIComponent(id)}`;
  const loaded = useLoaded((signal) => get(path, {}, { signal }), [id]);
  const [changes, setChanges] = useState(false);
  const done = (key) => {
    setMade(key?.key ? key : null);
    setChanges(false);
    loaded.again();
  };
  return html`<p><a href=${to("keys")}>← ${t("keys")}</a></p>
    <${Made} made=${made} noted=${() => setMade(null)} />
    <${Loaded} loaded=${loaded} shape="card">${(key) => html`
      <h1>${key.name}</h1>
      <${Facts} facts=${facts(key)} />
      ${changes
        ? html`<${KeyForm} me=${me} was=${key} done=${done} cancel=${() => setChanges(false)} />`
        : html`<${Actions} of=${key} me=${me} path=${path} done=${done} edit=${() => setChanges(true)} />`}
      <p><a href=${to("requests", { keyId: key.id })}>${t("keysRequests")}</a></p>
      <h2>${t("history")}</h2>
      <${Table} caption=${t("history")} columns=${historyColumns()}
        rows=${key.history.map((each) => ({ ...each, key: each.id }))} />`}
    <//>`;
}

function Actions({ of: key, me, path, done, edit }) {
  const [overlap, setOverlap] = useState("3600");
  if (key.status === "revoked") return "";
  const rotate = async () => done(await call("POST", `${path}/rotate`, { body: { overlapSeconds: Number(overlap) } }));
  const overlaps = Object.entries(OVERLAPS).map(([seconds, words]) => [seconds, t(words)]);
  const revoke = async (say) => done(await revoked(path, say));
  const own = key.id === me.keyId;
  return html`<div class="filters">
    <button type="button" onClick=${edit}>${t("change")}</button>
    <${Choice} label=${t("overlap")} value=${overlap} options=${overlaps} pick=${setOverlap} />
    <${Act} act=${rotate} confirm=${t("rotateSure")}>${t("rotate")}<//>
    <${Act} act=${revoke} confirm=${t(own ? "revokeOwnSure" : "revokeSure")}>${t("revoke")}<//>
    ${own && html`<p class="quiet">${t("ownKey")}</p>`}
  </div>`;
}

// End a key and those that were made with it, a hundred in a call, until there are no more.
async function revoked(path, say) {
  let said;
  let count = 0;
  do {
    said = await call("DELETE", path, { query: { children: "true" } });
    count += said.revokedChildren;
    if (count) say(t("revokedSoFar", { count: number(count) }));
  } while (said.moreChildren);
  return said;
}

const listed = (values) => values?.join(", ") || t("all");

const facts = (key) => [
  [t("keyId"), html`<code>${key.id}</code>`],
  [t("state"), html`<${State} of=${key} />`],
  [t("created"), `${time(key.createdAt)}, ${t("byKey", { key: key.createdBy })}`],
  [t("lastUsed"), key.lastUsedAt ? time(key.lastUsedAt) : t("never")],
  key.previousSecretEndsAt && [t("previousSecret"), t("untilTime", { time: time(key.previousSecretEndsAt) })],
  [t("expires"), key.expiresAt ? time(key.expiresAt) : t("never")],
  [t("pays"), key.teamId ? t("teamPays", { team: key.teamId }) : t("ownWallet")],
  [t("may"), key.scopes.join(", ")],
  [t("allowedModels"), listed(key.allowedModels)],
  [t("allowedIps"), listed(key.allowedIps)],
  [t("limits"), limitsOf(key).join("; ") || t("none")],
  [t("cap"), t(`cap_${key.cap}`)],
  [t("cacheSeconds"), key.cacheSeconds ? number(key.cacheSeconds) : t("none")],
  [t("pricePercent"), `${number(key.pricePercent)} %`],
  [t("aliases"), Object.entries(key.aliases).map(([name, model]) => `${name} = ${model}`).join(", ") || t("none")],
];

const historyColumns = () => [
  { title: t("time"), of: (row) => time(row.occurredAt) },
  { title: t("what"), of: (row) => t(`change_${row.action}`) },
  { title: t("by"), of: (row) => `${row.byUserId} (${row.byKeyId})` },
  { title: t("changed"), of: (row) => Object.keys(row.changes).join(", ") },
];
