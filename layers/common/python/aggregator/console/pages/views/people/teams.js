// Teams: all of them to an admin, to anybody else those that they are in; one of them in full.
import { get } from "../../api.js";
import { usd } from "../../format.js";
import { html } from "../../h.js";
import { later } from "../../later.js";
import { to } from "../../route.js";
import { t } from "../../text.js";
import { Act, Loaded, Table, usePages } from "../../ui.js";
import { Team } from "./team.js";

const NewTeam = later(() => import("../../operators.js"), "NewTeam");

export function Teams({ me, route }) {
  if (route.id) return html`<${Team} key=${route.id} id=${route.id} me=${me} />`;
  const only = !me.admin && me.teams?.length === 1 ? me.teams[0].teamId : null;
  return only ? html`<${Team} key=${only} id=${only} me=${me} isOnly />` : html`<${List} me=${me} />`;
}

function List({ me }) {
  const { loaded, rows, next } = usePages(
    (signal) => get("/identity/teams", { limit: 50 }, { signal }),
    (cursor) => get("/identity/teams", { limit: 50, cursor }),
    "data",
    [],
  );
  return html`<h1>${t("teams")}</h1>
    ${me.admin && html`<${NewTeam} />`}
    <${Loaded} loaded=${loaded} isEmpty=${(data) => !data.data.length} empty=${t(me.admin ? "noTeams" : "inNoTeam")}>
      ${() => html`<${Table}
        caption=${t("teams")}
        columns=${columns(me)}
        rows=${rows.map((row) => ({ ...row, key: row.teamId }))}
      />
        ${next && html`<p><${Act} act=${next}>${t("more")}<//></p>`}`}
    <//>`;
}

const columns = (me) => [
  {
    title: t("team"),
    of: ({ teamId, name }) => html`<a href=${to("teams", {}, teamId)}>${name}</a><br /><code>${teamId}</code>`,
  },
  ...(me.admin ? [] : [{ title: t("role"), of: (team) => t(`role_${team.role}`) }]),
  {
    title: t("state"),
    of: ({ state }) => html`<span class=${state === "active" ? "good" : "wrong"}>${t(`team_${state}`)}</span>`,
  },
  {
    title: t("budgetAMonth"),
    number: true,
    of: (team) => (team.monthlyBudget == null ? t("unlimited") : usd(team.monthlyBudget)),
  },
];
