// Promo codes: how often each was redeemed; make one, whose text is shown this once, and disable one.
import { call, get } from "../../api.js";
import { number, time, usd } from "../../format.js";
import { html, useEffect, useRef, useState } from "../../h.js";
import { t } from "../../text.js";
import { Act, Copy, Loaded, Table, usePages } from "../../ui.js";
import { CodeForm } from "./codeform.js";

export function Codes() {
  const [made, setMade] = useState(null);
  const [isNew, setNew] = useState(false);
  const { loaded, rows, next } = usePages(
    (signal) => get("/billing/codes", { limit: 50 }, { signal }),
    (cursor) => get("/billing/codes", { limit: 50, cursor }),
    "data",
    [],
  );
  const done = (code) => {
    setMade(code);
    setNew(false);
    loaded.again();
  };
  const disable = async (code) => {
    await call("DELETE", `/billing/codes/${encodeURIComponent(code.id)}`);
    loaded.again();
  };
  return html`<h1>${t("codes")}</h1>
    <p>${t("codesNote")}</p>
    <${Made} made=${made} noted=${() => setMade(null)} />
    ${isNew
      ? html`<${CodeForm} done=${done} cancel=${() => setNew(false)} />`
      : html`<p><button type="button" class="primary" onClick=${() => setNew(true)}>${t("newCode")}</button></p>`}
    <${Loaded} loaded=${loaded} isEmpty=${(data) => !data.data.length && !data.nextCursor} empty=${t("noCodes")}>
      ${() => html`<${Table}
        caption=${t("codes")}
        columns=${columns(disable)}
        rows=${rows.map((row) => ({ ...row, key: row.id }))}
      />
        ${next && html`<p><${Act} act=${next}>${t("more")}<//></p>`}`}
    <//>`;
}

const columns = (disable) => [
  { title: t("name"), of: (row) => html`${row.name ?? "–"}<br /><code class="quiet">${row.id}</code>` },
  {
    title: t("state"),
    of: (row) => html`<span class=${row.state === "active" ? "good" : "quiet"}>${t(`code_${row.state}`)}</span>`,
  },
  { title: t("amount"), number: true, of: (row) => usd(row.amount) },
  { title: t("creditDays"), number: true, of: (row) => number(row.creditDays) },
  {
    title: t("redeemed"),
    number: true,
    of: (row) => t("redeemedOf", { count: number(row.redeemed), most: number(row.maxRedemptions) }),
  },
  { title: t("redeemableUntil"), of: (row) => time(row.redeemableUntil) },
  {
    title: t("actions"),
    of: (row) => row.state === "active"
      && html`<${Act} act=${() => disable(row)} confirm=${t("disableSure")}>${t("disableCode")}<//>`,
  },
];

function Made({ made, noted }) {
  const box = useRef(null);
  useEffect(() => void (made && box.current.focus()), [made]);
  if (!made) return "";
  return html`<div class="notice" role="status" tabindex="-1" ref=${box}>
    <p><strong>${made.name ?? made.id}</strong>: ${t("codeOnce")}</p>
    <p><code class="secret">${made.code}</code></p>
    <p class="actions"><${Copy} text=${made.code} /> <button type="button" onClick=${noted}>${t("noted")}</button></p>
  </div>`;
}
