// Keys that charge a team: the reader's own, and to an admin those of all members that are shown.
import { get } from "../../api.js";
import { time, usd } from "../../format.js";
import { html } from "../../h.js";
import { to } from "../../route.js";
import { t } from "../../text.js";
import { Loaded, Table, useLoaded } from "../../ui.js";
import { allKeys, mayManage } from "../keynames.js";

export function TeamKeys({ id, me, role, members }) {
  if (!mayManage(me)) return "";
  const spends = role === "manager" || role === "member";
  const limited = Object.values(me.limits).some((limit) => limit != null);
  const mayMake = spends && (me.teamId === id || me.admin || (!me.teamId && !limited));
  return html`<h2>${t("keys")}</h2>
    ${mayMake && html`<p><a class="button" href=${to("keys", { new: "1", team: id })}>${t("newTeamKey")}</a></p>`}
    <${List} id=${id} me=${me} members=${members} />`;
}

function List({ id, me, members }) {
  const users = me.admin ? members.map((member) => member.userId) : [me.userId];
  const reads = me.admin || me.scopes.includes("analytics:read");
  const loaded = useLoaded(async (signal) => {
    const found = await Promise.all(users.map((userId) => allKeys(userId, signal)));
    const keys = found.flat().filter((key) => key.teamId === id);
    const spenders = reads ? [...new Set(keys.map((key) => key.userId))] : [];
    const spent = new Map((await Promise.all(spenders.map((userId) => spentByKey(userId, signal)))).flat());
    return keys.map((key) => ({ ...key, spent: spent.get(key.id) ?? "0.00" }));
  }, [users.join(" ")]);
  const columns = [
    {
      title: t("name"),
      of: (key) => html`<a href=${to("keys", { userId: me.admin ? key.userId : null }, key.id)}>${key.name}</a><br />
        <code>${key.id}</code>`,
    },
    ...(me.admin ? [{ title: t("userId"), of: (key) => key.userId }] : []),
    {
      title: t("state"),
      of: (key) => html`<span class=${key.status === "active" ? "good" : "quiet"}>${t(`key_${key.status}`)}</span>`,
    },
    { title: t("may"), of: (key) => key.scopes.join(", ") },
    ...(reads ? [{ title: t("spentThisMonth"), number: true, of: (key) => usd(key.spent) }] : []),
    { title: t("lastUsed"), of: (key) => (key.lastUsedAt ? time(key.lastUsedAt) : t("never")) },
  ];
  return html`<${Loaded} loaded=${loaded} isEmpty=${(keys) => !keys.length} empty=${t("noTeamKeys")}>
    ${(keys) => html`<${Table} caption=${t("keys")} columns=${columns}
      rows=${keys.map((key) => ({ ...key, key: key.id }))} />`}
  <//>`;
}

// What a user's keys spent this month, in UTC: [key, cost]. Some seconds behind, and there without a budget.
async function spentByKey(userId, signal) {
  const now = new Date();
  const from = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth())).toISOString();
  const query = { userId, from, to: now.toISOString(), granularity: "day", groupBy: "key" };
  const { groups } = await get("/analytics/metrics", query, { signal });
  return groups.map(({ key, cost }) => [key.keyId, cost]);
}
