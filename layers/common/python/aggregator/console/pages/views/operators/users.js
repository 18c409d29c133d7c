// Users: everybody who has an account, with the balance; one of them in full.
import { get } from "../../api.js";
import { usd } from "../../format.js";
import { html } from "../../h.js";
import { change, to } from "../../route.js";
import { t } from "../../text.js";
import { Act, Field, Loaded, Table, usePages } from "../../ui.js";
import { User } from "./user.js";

export function Users({ route }) {
  return route.id ? html`<${User} key=${route.id} id=${route.id} />` : html`<${List} route=${route} />`;
}

function List({ route }) {
  const search = route.query.q || "";
  const { loaded, rows, next } = usePages(
    (signal) => get("/billing/balances", { search, limit: 50 }, { signal }),
    (cursor) => get("/billing/balances", { search, limit: 50, cursor }),
    "data",
    [search],
  );
  return html`<h1>${t("users")}</h1>
    <form class="filters" role="search" onSubmit=${(event) => event.preventDefault()}>
      <${Field} label=${t("searchUser")} hint=${t("searchUserHint")}>
        <input
          type="search"
          value=${search}
          maxlength="128"
          pattern="[A-Za-z0-9._@-]*"
          onChange=${(event) => change(route, { q: event.target.value.trim() })}
        />
      <//>
      ${search && html`<p><a href=${to("users", {}, search)}>${t("openUser", { id: search })}</a></p>`}
    </form>
    <${Loaded}
      loaded=${loaded}
      isEmpty=${(data) => !data.data.length && !data.nextCursor}
      empty=${search ? t("noSuchUsers") : t("noUsers")}
    >
      ${() => html`<${Table}
        caption=${t("users")}
        columns=${columns()}
        rows=${rows.map((row) => ({ ...row, key: row.userId }))}
      />
        ${next && html`<p><${Act} act=${next}>${t("more")}<//></p>`}`}
    <//>`;
}

const columns = () => [
  { title: t("user"), of: (row) => html`<a href=${to("users", {}, row.userId)}>${row.userId}</a>` },
  { title: t("available"), number: true, of: (row) => usd(row.available) },
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

const isLow = (row) => row.lowBalanceThreshold != null && Number(row.total) < Number(row.lowBalanceThreshold);
