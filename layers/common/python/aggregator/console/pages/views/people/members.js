// A team's members: role, budget and what is spent of it; who sees to the team sets and removes them here.
import { call, get } from "../../api.js";
import { usd } from "../../format.js";
import { html, useEffect, useRef, useState } from "../../h.js";
import { to } from "../../route.js";
import { t } from "../../text.js";
import { Act, Choice, Field, Table, Wrong } from "../../ui.js";
import { Spent } from "./spent.js";

const ROLES = ["member", "manager", "viewer"];
const BUDGET = "[0-9]{1,9}(\\.[0-9]{1,9})?";

// `first` is the page of members that was loaded with the team; more of them are asked for here.
export function Members({ first, path, me, may, changed }) {
  const [more, setMore] = useState({ of: first, rows: [], cursor: first.nextCursor });
  const [edited, edit] = useState(null);
  const { rows: others, cursor } = more.of === first ? more : { rows: [], cursor: first.nextCursor };
  const next = async () => {
    const page = await get(`${path}/members`, { limit: 100, cursor });
    setMore({ of: first, rows: [...others, ...page.data], cursor: page.nextCursor });
  };
  const rows = [...first.data, ...others].map((member) => ({ ...member, key: member.userId }));
  const placeOf = (userId) => `${path}/members/${encodeURIComponent(userId)}`;
  const done = () => {
    edit(null);
    changed();
  };
  const remove = async (member) => {
    await call("DELETE", placeOf(member.userId));
    changed();
  };
  return html`
    ${may && (edited
      ? html`<${MemberForm} key=${edited.userId ?? ""} was=${edited.userId ? edited : null} placeOf=${placeOf}
          done=${done} cancel=${() => edit(null)} />`
      : html`<p><button type="button" onClick=${() => edit({})}>${t("addMember")}</button></p>`)}
    ${rows.length
      ? html`<${Table} caption=${t("members")} columns=${columns({ me, may, edit, remove })} rows=${rows} />`
      : html`<p class="empty">${t("noMembers")}</p>`}
    ${cursor && html`<p><${Act} act=${next}>${t("more")}<//></p>`}`;
}

const columns = ({ me, may, edit, remove }) => [
  {
    title: t("userId"),
    of: ({ userId }) => html`${me.admin ? html`<a href=${to("users", {}, userId)}>${userId}</a>` : userId}
      ${userId === me.userId && html` <small class="quiet">${t("you")}</small>`}`,
  },
  { title: t("role"), of: ({ role }) => t(`role_${role}`) },
  {
    title: t("budgetAMonth"),
    number: true,
    of: ({ monthlyBudget }) => (monthlyBudget == null ? t("unlimited") : usd(monthlyBudget)),
  },
  {
    title: t("spentThisMonth"),
    number: true,
    of: (member) => html`<${Spent} spent=${member.spentThisMonth} budget=${member.monthlyBudget} />`,
  },
  ...(may
    ? [{
      title: t("actions"),
      of: (member) => html`<span class="actions">
        <button type="button" onClick=${() => edit(member)}>${t("change")}</button>
        <${Act} act=${() => remove(member)} confirm=${t("removeSure", { id: member.userId })}>${t("takeOut")}<//>
      </span>`,
    }]
    : []),
];

function MemberForm({ was, placeOf, done, cancel }) {
  const [form, setForm] = useState({
    userId: was?.userId ?? "", role: was?.role ?? "member", budget: was?.monthlyBudget ?? "",
  });
  const [state, setState] = useState({ busy: false, error: null });
  const box = useRef(null);
  useEffect(() => box.current.querySelector("input").focus(), []);
  const submit = async (event) => {
    event.preventDefault();
    setState({ busy: true, error: null });
    const body = { role: form.role, ...(form.budget.trim() ? { monthlyBudget: form.budget.trim() } : {}) };
    try {
      await call("PUT", placeOf(form.userId.trim()), { body });
      done();
    } catch (error) {
      setState({ busy: false, error });
    }
  };
  const typed = (name, field = name) => ({
    value: form[name],
    onInput: (event) => setForm({ ...form, [name]: event.target.value }),
    "aria-invalid": state.error?.param === field || null,
  });
  const roles = ROLES.map((role) => [role, `${t(`role_${role}`)}: ${t(`role_${role}_note`)}`]);
  const title = was ? t("changeMember", { id: was.userId }) : t("addMember");
  return html`<form class="card" onSubmit=${submit} ref=${box} aria-label=${title}>
    <h3>${title}</h3>
    <div class="grid wide">
      ${!was && html`<${Field} label=${t("userId")}>
        <input required maxlength="128" pattern="[A-Za-z0-9._@\\-]+" autocomplete="off" ...${typed("userId")} />
      <//>`}
      <${Choice} label=${t("role")} value=${form.role} options=${roles} pick=${(role) => setForm({ ...form, role })} />
      <${Field} label=${t("monthlyBudget")} hint=${t("memberBudgetHint")}>
        <input inputmode="decimal" autocomplete="off" pattern=${BUDGET} placeholder=${t("unlimited")}
          ...${typed("budget", "monthlyBudget")} />
      <//>
    </div>
    <p class="actions">
      <button class="primary" disabled=${state.busy} aria-busy=${state.busy}>${t("save")}</button>
      <button type="button" onClick=${cancel}>${t("cancel")}</button>
    </p>
    ${state.error && html`<p><${Wrong} error=${state.error} /></p>`}
  </form>`;
}
