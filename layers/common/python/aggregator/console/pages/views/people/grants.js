// Grants: credit that ends, what is left of it and until when.
import { get } from "../../api.js";
import { time, usd } from "../../format.js";
import { html } from "../../h.js";
import { t } from "../../text.js";
import { Figure, Loaded, Table, useLoaded } from "../../ui.js";
import { Redeem } from "./redeem.js";

export function Grants({ me, route }) {
  // Without a name it is the wallet that the key charges: that of a team, where it charges one.
  const query = { userId: me.admin ? me.userId : null };
  const loaded = useLoaded((signal) => get("/billing/grants", query, { signal }), []);
  const isOwn = !route.query.userId; // a code is redeemed by whoever has it, and by nobody for another
  return html`<h1>${t("grants")}</h1>
    <p>${t("grantsNote")}</p>
    ${isOwn && html`<${Redeem} redeemed=${loaded.again} />`}
    <${Loaded} loaded=${loaded} isEmpty=${(found) => !found.data.length} empty=${t("noGrants")}>
      ${(found) => html`
        <dl class="figures">
          <${Figure} title=${t("leftOfGrants")} value=${usd(found.left)} kind="main" note=${found.userId} />
          <${Figure} title=${t("endsNext")} value=${endsNext(found.data)} />
        </dl>
        <${Table} caption=${t("grants")} columns=${columns()}
          rows=${found.data.map((row) => ({ ...row, key: row.id }))} />`}
    <//>`;
}

function endsNext(grants) {
  const ends = grants.filter((grant) => grant.state === "active").map((grant) => grant.expiresAt);
  return ends.length ? time(ends.sort()[0]) : "–";
}

const LOOKS = { active: "good", spent: "quiet", ending: "warn", expired: "quiet" };

const columns = () => [
  {
    title: t("grantFor"),
    of: (row) => html`${row.reason ?? "–"}${row.codeId && html`<br /><small class="quiet">${t("byCode")}</small>`}`,
  },
  { title: t("state"), of: (row) => html`<span class=${LOOKS[row.state]}>${t(`grant_${row.state}`)}</span>` },
  { title: t("left"), number: true, of: (row) => usd(row.left) },
  { title: t("amount"), number: true, of: (row) => usd(row.amount) },
  { title: t("expiredUnspent"), number: true, of: (row) => usd(row.expired) },
  { title: t("ends"), of: (row) => time(row.expiresAt) },
  { title: t("given"), of: (row) => time(row.createdAt) },
];
