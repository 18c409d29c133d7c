// Who a user is, where that is written down; whether anything is done for them; and the teams that they are in.
import { call, get } from "../../api.js";
import { time } from "../../format.js";
import { html, useState } from "../../h.js";
import { to } from "../../route.js";
import { t } from "../../text.js";
import { Act, Facts, Loaded, Table, useLoaded } from "../../ui.js";
import { PersonForm } from "./personform.js";

export function Person({ id }) {
  const path = `/identity/users/${encodeURIComponent(id)}`;
  const loaded = useLoaded((signal) => written(path, id, signal), []);
  const [changes, setChanges] = useState(false);
  const set = async (state) => {
    await call("PATCH", path, { body: { state } });
    loaded.again();
  };
  const done = () => {
    setChanges(false);
    loaded.again();
  };
  const leave = () => setChanges(false);
  const form = (person) => html`<${PersonForm} was=${person} id=${id} done=${done} cancel=${leave} />`;
  const edit = (words) => html`<button type="button" onClick=${() => setChanges(true)}>${words}</button>`;
  return html`<${Loaded} loaded=${loaded} shape="card">
    ${({ person, teams }) => html`
      ${changes ? form(person) : ""}
      ${person
        ? html`<${Facts} facts=${facts(person, teams)} />
          <p class="actions">${!changes && edit(t("change"))} <${Standing} of=${person} set=${set} /></p>
          <details class="folded"><summary>${t("history")}</summary><${History} of=${person} /></details>`
        : html`<p class="quiet">${t("notWritten")}</p>
          ${teams.length > 0 && html`<${Facts} facts=${[inTeams(teams)]} />`}
          ${!changes && html`<p>${edit(t("writeDown"))}</p>`}`}`}
  <//>`;
}

const facts = (person, teams) => [
  [t("name"), person.name],
  [t("email"), person.email],
  [t("role"), t(`role_${person.role}`)],
  [t("state"), html`<span class=${person.state === "active" ? "good" : "wrong"}>${t(`user_${person.state}`)}</span>
    ${" "}<span class="quiet">${t("since", { time: time(person.updatedAt) })}</span>`],
  [t("plan"), person.plan ? html`<a href=${to("plans", {}, person.plan)}>${person.plan}</a>` : t("none")],
  inTeams(teams),
];

const inTeams = (teams) => [
  t("teams"),
  teams.length
    ? teams.map((team, at) => html`${at ? ", " : ""}<a href=${to("teams", {}, team.teamId)}>${team.name}</a>${" "}
      (${t(`role_${team.role}`)})`)
    : t("none"),
];

function Standing({ of: { userId: id, state }, set }) {
  if (state !== "active") {
    return html`<${Act} key="resume" act=${() => set("active")} confirm=${t("resumeSure", { id })}>${t("resume")}<//>`;
  }
  return html`<${Act} key="suspend" act=${() => set("suspended")} confirm=${t("suspendSure", { id })}>
    ${t("suspend")}
  <//>`;
}

function History({ of: person }) {
  const columns = [
    { title: t("time"), of: (row) => time(row.occurredAt) },
    { title: t("what"), of: (row) => t(`change_${row.action}`) },
    { title: t("by"), of: (row) => `${row.byUserId} (${row.byKeyId})` },
    { title: t("changed"), of: (row) => Object.entries(row.changes).map(([name, { from, to: now }]) =>
      html`<div>${name}: ${from ?? "–"} → ${now ?? "–"}</div>`) },
  ];
  const rows = person.history.map((row) => ({ ...row, key: row.id }));
  return html`<${Table} caption=${t("history")} columns=${columns} rows=${rows} />`;
}

// Users have keys and money before anybody writes down who they are.
async function written(path, id, signal) {
  const unknown = (error) => {
    if (error.status === 404) return null;
    throw error;
  };
  const [person, teams] = await Promise.all([
    get(path, {}, { signal }).catch(unknown),
    get("/identity/teams", { userId: id, limit: 100 }, { signal }),
  ]);
  return { person, teams: teams.data };
}
