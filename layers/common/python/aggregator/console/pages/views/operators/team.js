// What an admin does with teams: make one, change its name and month, suspend and resume it, and book its money.
import { call } from "../../api.js";
import { html, useEffect, useRef, useState } from "../../h.js";
import { to } from "../../route.js";
import { t } from "../../text.js";
import { Act, Field, Wrong } from "../../ui.js";
import { Booking } from "./booking.js";
import { GiveGrant } from "./grant.js";
import { PlanChoice } from "./planchoice.js";

const BUDGET = "[0-9]{1,9}(\\.[0-9]{1,9})?";

export function NewTeam() {
  const [open, setOpen] = useState(false);
  if (!open) {
    return html`<p><button type="button" class="primary" onClick=${() => setOpen(true)}>${t("newTeam")}</button></p>`;
  }
  const made = (team) => {
    location.hash = to("teams", {}, team.teamId);
  };
  return html`<${TeamForm} done=${made} cancel=${() => setOpen(false)} />`;
}

export function TeamDesk({ team, path, changed }) {
  const [edits, setEdits] = useState(false);
  const set = async (state) => {
    await call("PATCH", path, { body: { state } });
    changed();
  };
  const done = () => {
    setEdits(false);
    changed();
  };
  const { teamId: id } = team;
  return html`
    ${edits && html`<${TeamForm} was=${team} done=${done} cancel=${() => setEdits(false)} />`}
    <p class="actions">
      ${!edits && html`<button type="button" onClick=${() => setEdits(true)}>${t("change")}</button>`}
      ${team.state === "active"
        ? html`<${Act} key="suspend" act=${() => set("suspended")} confirm=${t("suspendTeamSure", { id })}>
            ${t("suspend")}
          <//>`
        : html`<${Act} key="resume" act=${() => set("active")} confirm=${t("resumeSure", { id })}>${t("resume")}<//>`}
      ${["requests", "statement", "grants"].map((view) => html`<a class="button" href=${to(view, { userId: id })}>
        ${t("itsView", { view: t(view) })}
      </a>`)}
    </p>
    <${Booking} id=${id} whose=${{ teamId: id }} available=${team.wallet?.available} booked=${changed} />
    <${GiveGrant} whose=${{ teamId: id }} given=${changed} />`;
}

function TeamForm({ was, done, cancel }) {
  const [form, setForm] = useState({
    teamId: "", name: was?.name ?? "", budget: was?.monthlyBudget ?? "", plan: was?.plan ?? "",
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
  const typed = (name, field = name) => ({
    value: form[name],
    onInput: (event) => setForm({ ...form, [name]: event.target.value }),
    "aria-invalid": state.error?.param === field || null,
  });
  const title = was ? t("changeTeam") : t("newTeam");
  return html`<form class="card" onSubmit=${submit} ref=${box} aria-label=${title}>
    <h2>${title}</h2>
    <div class="grid wide">
      ${!was && html`<${Field} label=${t("teamId")} hint=${t("teamIdHint")}>
        <input required maxlength="128" pattern="[A-Za-z0-9._@\\-]+" autocomplete="off" ...${typed("teamId")} />
      <//>`}
      <${Field} label=${t("name")}><input required maxlength="100" autocomplete="off" ...${typed("name")} /><//>
      <${Field} label=${t("monthlyBudget")} hint=${t("budgetHint")}>
        <input inputmode="decimal" autocomplete="off" pattern=${BUDGET} placeholder=${t("unlimited")}
          ...${typed("budget", "monthlyBudget")} />
      <//>
      ${was && html`<${PlanChoice} value=${form.plan} pick=${(plan) => setForm({ ...form, plan })} />`}
    </div>
    <p class="actions">
      <button class="primary" disabled=${state.busy} aria-busy=${state.busy}>${t(was ? "save" : "makeTeam")}</button>
      <button type="button" onClick=${cancel}>${t("cancel")}</button>
    </p>
    ${state.error && html`<p><${Wrong} error=${state.error} /></p>`}
  </form>`;
}

// What is sent of a team that is known is what differs; an empty budget is none.
async function save(form, was) {
  const said = { name: form.name.trim(), monthlyBudget: form.budget.trim() || null };
  if (!was) {
    const { monthlyBudget, ...rest } = said;
    const body = { teamId: form.teamId.trim(), ...rest, ...(monthlyBudget ? { monthlyBudget } : {}) };
    return call("POST", "/identity/teams", { body });
  }
  const now = { ...said, plan: form.plan || null };
  const body = Object.fromEntries(Object.entries(now).filter(([name, value]) => value !== was[name]));
  if (!Object.keys(body).length) return was;
  return call("PATCH", `/identity/teams/${encodeURIComponent(was.teamId)}`, { body });
}
