// One team: what it spent of its month and what it has; its members; and the keys that charge it.
import { get } from "../../api.js";
import { time, usd } from "../../format.js";
import { html } from "../../h.js";
import { later } from "../../later.js";
import { amount } from "../../money.js";
import { to } from "../../route.js";
import { t } from "../../text.js";
import { Figure, Loaded, Table, useLoaded } from "../../ui.js";
import { TeamKeys } from "./keys.js";
import { Members } from "./members.js";
import { Spent } from "./spent.js";

const TeamDesk = later(() => import("../../operators.js"), "TeamDesk");

export function Team({ id, me, isOnly }) {
  const path = `/identity/teams/${encodeURIComponent(id)}`;
  const loaded = useLoaded((signal) => whole(path, signal), []);
  const again = loaded.again;
  return html`${!isOnly && html`<p><a href=${to("teams")}>← ${t("teams")}</a></p>`}
    <h1>${loaded.data?.team.name ?? id}</h1>
    <${Loaded} loaded=${loaded} shape="figures">${({ team, members }) => html`
      <${Figures} team=${team} />
      ${me.admin && html`<${TeamDesk} team=${team} path=${path} changed=${again} />`}
      <h2>${t("members")}</h2>
      <${Members} first=${members} path=${path} me=${me} may=${may(me, team)} changed=${again} />
      <${TeamKeys} id=${id} me=${me} role=${team.role} members=${members.data} />
      <h2>${t("history")}</h2>
      <${History} of=${team} />`}
    <//>`;
}

async function whole(path, signal) {
  const [team, members] = await Promise.all([
    get(path, {}, { signal }),
    get(`${path}/members`, { limit: 100 }, { signal }),
  ]);
  return { team, members };
}

// Who sees to the team's members: the server asks the same.
function may(me, team) {
  return me.admin || (team.role === "manager" && me.scopes.includes("keys:manage"));
}

function Figures({ team }) {
  const { monthlyBudget: budget, spentThisMonth: spent, wallet } = team;
  return html`
    ${team.state !== "active" && html`<p class="notice bad" role="status">${t("teamIsSuspended")}</p>`}
    <dl class="figures">
      <${Figure}
        title=${t("spentThisMonth")}
        value=${html`<${Spent} spent=${spent} budget=${budget} />`}
        note=${budget == null ? t("notCounted") : t("countedNote")}
        kind="main"
      />
      <${Figure} title=${t("budgetAMonth")} value=${budget == null ? t("unlimited") : usd(budget)} />
      ${team.plan && html`<${Figure} title=${t("plan")} value=${team.plan} />`}
      ${wallet && html`<${Figure} title=${t("available")} value=${usd(wallet.available)} />
        <${Figure} title=${t("held")} value=${usd(wallet.held)} note=${t("heldNote")} />`}
      ${team.role && html`<${Figure} title=${t("yourRole")} value=${t(`role_${team.role}`)}
        note=${t(`role_${team.role}_note`)} />`}
    </dl>`;
}

function History({ of: team }) {
  const columns = [
    { title: t("time"), of: (row) => time(row.occurredAt) },
    {
      title: t("what"),
      of: (row) => html`${t(`team_${row.action}`)}${row.memberUserId && html`: ${row.memberUserId}`}`,
    },
    { title: t("by"), of: (row) => row.byUserId },
    {
      title: t("changed"),
      of: (row) => Object.entries(row.changes).map(([name, change]) => html`<div>
        ${name.replace("NanoUsd", "")}: ${said(name, change.from)} → ${said(name, change.to)}
      </div>`),
    },
  ];
  return html`<${Table} caption=${t("history")} columns=${columns}
    rows=${team.history.map((row) => ({ ...row, key: row.id }))} />`;
}

// Amounts stand in the history as they are counted: in nano-dollars.
function said(name, value) {
  if (value == null) return "–";
  return name.endsWith("NanoUsd") ? usd(amount(BigInt(value))) : String(value);
}
