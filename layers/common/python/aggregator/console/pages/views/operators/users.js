// Users: everybody who has an account or is written down, with the balance; one of them in full.
import { get } from "../../api.js";
import { usd } from "../../format.js";
import { html, useRef, useState } from "../../h.js";
import { foundByName, mayBeId, roster } from "../../roster.js";
import { change, to } from "../../route.js";
import { t } from "../../text.js";
import { Act, Field, Loaded, Table, usePages } from "../../ui.js";
import { everyPage } from "./pages.js";
import { PersonForm } from "./personform.js";
import { User } from "./user.js";

export function Users({ route }) {
  return route.id ? html`<${User} key=${route.id} id=${route.id} />` : html`<${List} route=${route} />`;
}

function List({ route }) {
  const [isNew, setNew] = useState(false);
  const search = route.query.q || "";
  const known = useRef(null);
  const { loaded, rows, next } = usePages(
    (signal) => firstPage(search, known, signal),
    (cursor) => get("/billing/balances", { search, limit: 50, cursor }),
    "data",
    [search],
  );
  const made = (person) => {
    location.hash = to("users", {}, person.userId);
  };
  return html`<h1>${t("users")}</h1>
    ${isNew
      ? html`<${PersonForm} done=${made} cancel=${() => setNew(false)} />`
      : html`<p><button type="button" class="primary" onClick=${() => setNew(true)}>${t("newUser")}</button></p>`}
    <form class="filters" role="search" onSubmit=${(event) => event.preventDefault()}>
      <${Field} label=${t("searchUser")} hint=${t("searchUserHint")}>
        <input
          type="search"
          value=${search}
          maxlength="128"
          onChange=${(event) => change(route, { q: event.target.value.trim() })}
        />
      <//>
      ${mayBeId(search) && html`<p><a href=${to("users", {}, search)}>${t("openUser", { id: search })}</a></p>`}
    </form>
    <${Loaded} loaded=${loaded}>
      ${({ people, teams, byName }) => {
        const all = roster({ accounts: [...byName, ...rows], people, teams, search, complete: !next });
        return html`
          ${all.length
            ? html`<${Table} caption=${t("users")} columns=${columns()} rows=${all} />`
            : html`<p class="empty">${t(search ? "noSuchUsers" : "noUsers")}</p>`}
          ${next && html`<p><${Act} act=${next}>${t("more")}<//></p>`}`;
      }}
    <//>`;
}

// The first accounts that fit, and whoever is written down: those are few, and read once for all searches.
async function firstPage(search, known, signal) {
  known.current ??= Promise.all([everyPage("/identity/users"), everyPage("/identity/teams")]);
  const [accounts, [people, teams]] = await Promise.all([
    search && !mayBeId(search) ? { data: [] } : get("/billing/balances", { search, limit: 50 }, { signal }),
    known.current.catch((error) => {
      known.current = null;
      throw error;
    }),
  ]);
  const balance = ({ userId }) => get(`/billing/balance/${encodeURIComponent(userId)}`, {}, { signal });
  const byName = await Promise.all(foundByName(people, search).map(balance));
  return { ...accounts, people, teams, byName };
}

const columns = () => [
  { title: t("user"), of: (row) => html`<a href=${to(row.isTeam ? "teams" : "users", {}, row.userId)}>${row.userId}</a>
    ${row.isTeam && html`<br /><small class="quiet">${t("isTeam")}</small>`}` },
  { title: t("who"), of: (row) => (row.person ? html`<${Who} of=${row.person} />` : "–") },
  {
    title: t("available"),
    number: true,
    of: (row) => (row.noAccount ? html`<span class="quiet">${t("noAccount")}</span>` : usd(row.available)),
  },
  { title: t("held"), number: true, of: (row) => usd(row.held) },
  { title: t("total"), number: true, of: (row) => usd(row.total) },
  {
    title: t("threshold"),
    number: true,
    of: (row) =>
      html`<span class=${isLow(row) ? "wrong" : ""}>
        ${usd(row.lowBalanceThreshold)}${isLow(row) ? ` · ${t("isLow")}` : ""}
      </span>`,
  },
];

function Who({ of: person }) {
  return html`${person.name} · ${t(`role_${person.role}`)}<br /><small class="quiet">${person.email}</small>
    ${person.state === "suspended" && html`<br /><small class="wrong">${t("isSuspended")}</small>`}`;
}

const isLow = (row) => row.lowBalanceThreshold != null && Number(row.total) < Number(row.lowBalanceThreshold);
