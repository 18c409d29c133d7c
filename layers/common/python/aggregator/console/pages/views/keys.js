// Keys: list, make (the secret is shown once), limit, rotate, revoke.
import { call, get } from "../api.js";
import { time, usd } from "../format.js";
import { html, useState } from "../h.js";
import { t } from "../text.js";
import { Act, Copy, Field, Loaded, messageOf, Table, useLoaded } from "../ui.js";

const LIMITS = ["requestsPerMinute", "tokensPerMinute", "usdPerMinute", "concurrentRequests", "dailyBudget", "monthlyBudget"];
const MONEY = new Set(["usdPerMinute", "dailyBudget", "monthlyBudget"]);
const SCOPES = ["inference", "models:read", "billing:read", "analytics:read", "keys:manage"];

export function Keys({ me }) {
  const loaded = useLoaded((signal) => get("/auth/api-keys", { userId: me.userId, limit: 100 }, { signal }), []);
  const [made, setMade] = useState(null);
  const [edited, setEdited] = useState(null);
  const done = (key) => {
    setMade(key);
    setEdited(null);
    loaded.again();
  };
  return html`<h1>${t("keys")}</h1>
    ${made?.key && html`<div class="notice" role="status"><p>${t("keyOnce")}</p><p><code class="secret">${made.key}</code> <${Copy} text=${made.key} /></p><button onClick=${() => setMade(null)}>${t("noted")}</button></div>`}
    <p><button class="primary" onClick=${() => setEdited({})}>${t("newKey")}</button></p>
    ${edited && html`<${Edit} key=${edited.id || "new"} edited=${edited} me=${me} done=${done} cancel=${() => setEdited(null)} />`}
    <${Loaded} loaded=${loaded} isEmpty=${(data) => !data.data.length} empty=${t("noKeys")}>
      ${(data) => html`<${Table} caption=${t("keys")} rows=${data.data.map((key) => ({ ...key, key: key.id }))} columns=${columns(me, setEdited, done)} />`}
    <//>`;
}

const columns = (me, edit, done) => [
  { title: t("name"), of: (key) => html`${key.name}<br /><code class="quiet">${key.id}</code>` },
  { title: t("state"), of: (key) => html`<span class=${key.status === "active" ? "good" : "quiet"}>${t(`key_${key.status}`)}</span>${key.expiresAt ? html`<br /><small>${t("untilTime", { time: time(key.expiresAt) })}</small>` : ""}` },
  { title: t("may"), of: (key) => html`${key.scopes.join(", ")}${key.allowedModels ? html`<br /><small>${key.allowedModels.join(", ")}</small>` : ""}` },
  { title: t("limits"), of: (key) => LIMITS.filter((name) => key.limits[name] != null).map((name) => html`<div>${t(name)}: ${MONEY.has(name) ? usd(key.limits[name]) : key.limits[name]}</div>`) },
  { title: t("lastUsed"), of: (key) => time(key.lastUsedAt) },
  {
    title: t("actions"),
    of: (key) =>
      key.status === "active" &&
      html`<span class="actions">
        <button onClick=${() => edit(key)}>${t("change")}</button>
        <${Act} act=${async () => done(await call("POST", `/auth/api-keys/${key.id}/rotate`, { body: {} }))} confirm=${t("rotateSure")}>${t("rotate")}<//>
        ${key.id !== me.keyId && html`<${Act} act=${async () => done(await call("DELETE", `/auth/api-keys/${key.id}`))} confirm=${t("revokeSure")}>${t("revoke")}<//>`}
      </span>`,
  },
];

function Edit({ edited, me, done, cancel }) {
  const isNew = !edited.id;
  const [form, setForm] = useState({ name: edited.name || "", models: (edited.allowedModels || []).join(", "), scopes: edited.scopes || SCOPES.filter((scope) => scope !== "keys:manage" && (me.admin || me.scopes.includes(scope))), limits: edited.limits || {}, expires: edited.expiresAt?.slice(0, 10) || "" });
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const set = (name, value) => setForm({ ...form, [name]: value });
  const submit = async (event) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const body = bodyOf(form, edited);
      done(await (isNew ? call("POST", "/auth/api-keys", { body: { userId: me.userId, ...body } }) : call("PATCH", `/auth/api-keys/${edited.id}`, { body })));
    } catch (failed) {
      setError(failed);
      setBusy(false);
    }
  };
  return html`<form class="card" onSubmit=${submit}>
    <h2>${isNew ? t("newKey") : t("changeKey", { name: edited.name })}</h2>
    <${Field} label=${t("name")}><input required maxlength="100" value=${form.name} onInput=${(event) => set("name", event.target.value)} /><//>
    <fieldset><legend>${t("may")}</legend>
      ${SCOPES.map((scope) => html`<label class="check"><input type="checkbox" checked=${form.scopes.includes(scope)} onChange=${(event) => set("scopes", event.target.checked ? [...form.scopes, scope] : form.scopes.filter((each) => each !== scope))} /> ${scope}</label>`)}
    </fieldset>
    <${Field} label=${t("allowedModels")} hint=${t("allowedModelsHint")}><input value=${form.models} onInput=${(event) => set("models", event.target.value)} placeholder="gpt-4o*, claude-haiku-4-5" /><//>
    <${Field} label=${t("expires")}><input type="date" value=${form.expires} onInput=${(event) => set("expires", event.target.value)} /><//>
    <fieldset class="grid"><legend>${t("limits")}</legend>
      ${LIMITS.map((name) => html`<${Field} label=${t(name)}><input inputmode="decimal" value=${form.limits[name] ?? ""} onInput=${(event) => set("limits", { ...form.limits, [name]: event.target.value })} /><//>`)}
    </fieldset>
    ${error && html`<p class="wrong" role="alert">${messageOf(error)}</p>`}
    <button class="primary" disabled=${busy}>${busy ? t("working") : isNew ? t("makeKey") : t("save")}</button> <button type="button" onClick=${cancel}>${t("cancel")}</button>
  </form>`;
}

function bodyOf(form, edited) {
  const models = form.models.split(",").map((each) => each.trim()).filter(Boolean);
  const limits = Object.fromEntries(
    LIMITS.filter((name) => String(form.limits[name] ?? "").trim()).map((name) => [name, MONEY.has(name) ? String(form.limits[name]).trim() : Number(form.limits[name])]),
  );
  const body = { name: form.name, scopes: form.scopes, limits };
  if (models.length || edited.id) body.allowedModels = models.length ? models : null;
  if (form.expires !== (edited.expiresAt?.slice(0, 10) || "")) body.expiresAt = form.expires ? `${form.expires}T23:59:59Z` : null;
  return body;
}
