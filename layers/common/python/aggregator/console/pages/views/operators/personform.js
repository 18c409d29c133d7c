// The form of a user: who it is, and what its role is. Without an id the platform gives one.
import { call } from "../../api.js";
import { html, useEffect, useRef, useState } from "../../h.js";
import { t } from "../../text.js";
import { Choice, Field, Wrong } from "../../ui.js";
import { PlanChoice } from "./planchoice.js";

const ROLES = ["member", "manager", "viewer", "admin"];

// `was` is the user as it is written down; `id` one who has keys or money, and is not.
export function PersonForm({ was, id = "", done, cancel }) {
  const [form, setForm] = useState({
    userId: id, name: was?.name ?? "", email: was?.email ?? "", role: was?.role ?? "member",
    plan: was?.plan ?? "",
  });
  const [state, setState] = useState({ busy: false, error: null });
  const box = useRef(null);
  useEffect(() => box.current.querySelector("input").focus(), []);
  const submit = async (event) => {
    event.preventDefault();
    setState({ busy: true, error: null });
    try {
      done(await save(form, was));
    } catch (error) {
      setState({ busy: false, error });
    }
  };
  const typed = (name) => ({
    value: form[name],
    onInput: (event) => setForm({ ...form, [name]: event.target.value }),
    "aria-invalid": state.error?.param === name || null,
  });
  const roles = ROLES.map((role) => [role, t(`role_${role}`)]);
  const title = was ? t("changeUser") : t("newUser");
  return html`<form class="card" onSubmit=${submit} ref=${box} aria-label=${title}>
    <h2>${title}</h2>
    <div class="grid wide">
      ${!was && !id && html`<${Field} label=${t("userId")} hint=${t("userIdHint")}>
        <input maxlength="128" autocomplete="off" ...${typed("userId")} />
      <//>`}
      <${Field} label=${t("name")}><input required maxlength="100" autocomplete="off" ...${typed("name")} /><//>
      <${Field} label=${t("email")}>
        <input required type="email" maxlength="254" autocomplete="off" ...${typed("email")} />
      <//>
      <${Choice} label=${t("role")} value=${form.role} options=${roles} pick=${(role) => setForm({ ...form, role })} />
      ${was && html`<${PlanChoice} value=${form.plan} pick=${(plan) => setForm({ ...form, plan })} />`}
    </div>
    <p class="actions">
      <button class="primary" disabled=${state.busy} aria-busy=${state.busy}>${t(was ? "save" : "makeUser")}</button>
      <button type="button" onClick=${cancel}>${t("cancel")}</button>
    </p>
    ${state.error && html`<p><${Wrong} error=${state.error} /></p>`}
  </form>`;
}

// What is sent of a user who is known is what differs; nothing, where nothing does.
async function save(form, was) {
  const said = { name: form.name.trim(), email: form.email.trim(), role: form.role };
  if (!was) return call("POST", "/identity/users", { body: { ...said, userId: form.userId.trim() || undefined } });
  const now = { ...said, plan: form.plan || null };
  const body = Object.fromEntries(Object.entries(now).filter(([name, value]) => value !== was[name]));
  if (!Object.keys(body).length) return was;
  return call("PATCH", `/identity/users/${encodeURIComponent(was.userId)}`, { body });
}
