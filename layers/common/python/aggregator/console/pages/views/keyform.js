// The form of a key, new or known: what it may do, and its limits.
import { call, get } from "../api.js";
import { html, useEffect, useRef, useState } from "../h.js";
import { bodyOf, formOf, LIMITS, MONEY, SCOPES } from "../keyform.js";
import { t } from "../text.js";
import { Choice, Field, useKept, useLoaded, Wrong } from "../ui.js";

// `was` is the key as it is; none for a new one. What was typed stays until it is saved or given up.
export function KeyForm({ me, was, team = "", done, cancel }) {
  const before = formOf(was ?? { teamId: team }, me);
  const teams = useTeams(me, !was);
  const [form, setForm, drop] = useKept(`key ${was?.id ?? "new"}`, before);
  const [state, setState] = useState({ busy: false, error: null });
  const first = useRef(null);
  useEffect(() => first.current.focus(), []);
  const leave = (next) => {
    drop();
    next();
  };
  const submit = async (event) => {
    event.preventDefault();
    setState({ busy: true, error: null });
    try {
      const key = await save(form, was && before, me, was);
      leave(() => done(key));
    } catch (error) {
      setState({ busy: false, error });
    }
  };
  const set = (name) => (event) => setForm({ ...form, [name]: event.target.value });
  const limit = (name) => (event) => setForm({ ...form, limits: { ...form.limits, [name]: event.target.value } });
  const toggle = (scope) => (event) => {
    const others = form.scopes.filter((each) => each !== scope);
    setForm({ ...form, scopes: event.target.checked ? [...others, scope] : others });
  };
  const wrong = (field) => (state.error?.param || "").split(".").includes(field) || null;
  const typed = (name, field = name) => ({ value: form[name], onInput: set(name), "aria-invalid": wrong(field) });
  const caps = ["lower", "refuse"].map((each) => [each, t(`cap_${each}`)]);
  return html`<form class="card" onSubmit=${submit}>
    <h2>${was ? t("changeKey", { name: was.name }) : t("newKey")}</h2>
    <${Field} label=${t("name")}>
      <input ref=${first} required maxlength="100" ...${typed("name")} />
    <//>
    ${teams.length > 0 && html`<${Choice} label=${t("pays")} hint=${t("paysHint")} value=${form.teamId}
      options=${wallets(teams)} pick=${(teamId) => setForm({ ...form, teamId })} />`}
    <fieldset><legend>${t("may")}</legend>
      ${SCOPES.map((scope) => html`<label class="check">
        <input type="checkbox" checked=${form.scopes.includes(scope)} onChange=${toggle(scope)} /> ${scope}
      </label>`)}
    </fieldset>
    <fieldset class="grid"><legend>${t("limits")}</legend>
      ${LIMITS.map((name) => html`<${Field} label=${t(name)}>
        <input inputmode=${MONEY.has(name) ? "decimal" : "numeric"} value=${form.limits[name]} onInput=${limit(name)}
          placeholder=${t("unlimited")} aria-invalid=${wrong(name)} />
      <//>`)}
    </fieldset>
    <${Field} label=${t("allowedModels")} hint=${t("allowedModelsHint")}>
      <input placeholder="gpt-4o*, claude-haiku-4-5" ...${typed("models", "allowedModels")} />
    <//>
    <${Field} label=${t("expiresOn")}>
      <input type="date" ...${typed("expires", "expiresAt")} />
    <//>
    <details><summary>${t("moreSettings")}</summary>
      <${Field} label=${t("allowedIps")} hint=${t("allowedIpsHint")}>
        <input placeholder="203.0.113.0/24" ...${typed("addresses", "allowedIps")} />
      <//>
      <${Choice} label=${t("cap")} value=${form.cap} options=${caps} pick=${(cap) => setForm({ ...form, cap })} />
      <${Field} label=${t("cacheSeconds")} hint=${t("cacheSecondsHint")}>
        <input inputmode="numeric" ...${typed("cacheSeconds")} />
      <//>
      <${Field} label=${t("aliases")} hint=${t("aliasesHint")}>
        <textarea rows="3" placeholder="fast = groq/gpt-oss-20b" ...${typed("aliases")}></textarea>
      <//>
      ${me.admin && html`<${Field} label=${t("pricePercent")} hint=${t("pricePercentHint")}>
        <input inputmode="numeric" ...${typed("pricePercent")} />
      <//>`}
    </details>
    ${state.error && html`<p><${Wrong} error=${state.error} /></p>`}
    <p class="actions">
      <button class="primary" disabled=${state.busy} aria-busy=${state.busy}>${t(was ? "save" : "makeKey")}</button>
      <button type="button" onClick=${() => leave(cancel)}>${t("cancel")}</button>
    </p>
  </form>`;
}

// Teams that a new key of this user may charge. To a key that charges a team, or has limits, there is no choice.
function useTeams(me, wanted) {
  const limited = Object.values(me.limits).some((limit) => limit != null);
  const mayChoose = wanted && (me.admin || (!me.teamId && !limited));
  const query = { userId: me.userId, limit: 100 };
  const load = async (signal) => (mayChoose ? (await get("/identity/teams", query, { signal })).data : []);
  const { data } = useLoaded(load, [me.userId, mayChoose]);
  return (data ?? []).filter((team) => team.role !== "viewer");
}

const wallets = (teams) => [
  ["", t("ownWallet")],
  ...teams.map(({ teamId, name }) => [teamId, t("teamPays", { team: name })]),
];

// A key that is saved without a change stays as it is: nothing is sent.
async function save(form, before, me, was) {
  const body = bodyOf(form, before);
  if (!was) return call("POST", "/auth/api-keys", { body: { userId: me.userId, ...body } });
  return Object.keys(body).length ? call("PATCH", `/auth/api-keys/${encodeURIComponent(was.id)}`, { body }) : was;
}
