// Automatic top-ups: what was agreed, the card that Stripe keeps, and how to go on after a charge that failed.
import { call, get } from "../api.js";
import { html, useState } from "../h.js";
import { t } from "../text.js";
import { Act, Failed, Field, useLoaded, Wrong } from "../ui.js";
import { Waiting } from "./topup.js";

const PATH = "/billing/topups/automatic";

export function AutoTopUp({ me }) {
  const query = { userId: me.userId };
  const loaded = useLoaded((signal) => get(PATH, query, { signal }), []);
  const [open, setOpen] = useState(false);
  const set = async (agreed) => {
    const said = await call("PUT", PATH, { body: { ...query, ...agreed } });
    if (said.url) return location.assign(said.url);
    setOpen(false);
    return loaded.again();
  };
  const stop = async () => {
    await call("DELETE", PATH, { query });
    loaded.again();
  };
  const { data, error } = loaded;
  if (error) return html`<${Failed} error=${error} again=${loaded.again} />`;
  if (data === undefined) return html`<${Waiting} />`;
  if (open) return html`<${Form} data=${data} set=${set} cancel=${() => setOpen(false)} />`;
  const begin = () => setOpen(true);
  if (data.state === "off") return html`<button type="button" onClick=${begin}>${t("autoTopUp")}</button>`;
  return html`<${Standing} data=${data} set=${set} stop=${stop} change=${begin} />`;
}

function Standing({ data, set, stop, change }) {
  const agreed = { threshold: data.threshold, amount: data.amount, atMostADay: data.atMostADay };
  const most = data.atMostADay;
  return html`<section class="card" aria-label=${t("autoTopUp")}>
    <h2>${t("autoTopUp")}: ${t(`auto_${data.state}`)}</h2>
    <p>${t("autoAgreed", { threshold: data.threshold, amount: data.amount, most })}</p>
    ${data.state === "paused" &&
    html`<p class="notice bad" role="alert">${t("autoPaused", { reason: t(`auto_${data.reason}`) })}</p>`}
    <p class="quiet">
      ${data.card ? t("autoCard", { card: data.card, used: data.usedToday }) : t("autoCardNeeded")}
    </p>
    <p class="actions">
      ${data.state === "paused" && html`<${Act} kind="primary" act=${() => set(agreed)}>${t("autoGoOn")}<//>`}
      ${data.card
        ? html`<${Act} act=${() => set({ ...agreed, newCard: true })}>${t("autoOther")}<//>`
        : html`<${Act} kind="primary" act=${() => set(agreed)}>${t("autoGive")}<//>`}
      <button type="button" onClick=${change}>${t("autoChange")}</button>
      <${Act} act=${stop} confirm=${t("autoStopSure")}>${t("autoStop")}<//>
    </p>
  </section>`;
}

function Form({ data, set, cancel }) {
  const [threshold, setThreshold] = useState(data.threshold ?? "5");
  const [amount, setAmount] = useState(data.amount ?? "25");
  const [most, setMost] = useState(String(data.atMostADay ?? 1));
  const [state, setState] = useState({ busy: false, error: null });
  const submit = async (event) => {
    event.preventDefault();
    setState({ busy: true, error: null });
    try {
      await set({ threshold: threshold.trim(), amount: amount.trim(), atMostADay: Number(most) });
    } catch (error) {
      setState({ busy: false, error });
    }
  };
  const money = (value, change) => html`<input
    required inputmode="decimal" autocomplete="off" pattern="[0-9]{1,5}(\\.[0-9]{1,2})?"
    value=${value} onInput=${(event) => change(event.target.value)} />`;
  return html`<form class="card" onSubmit=${submit} aria-label=${t("autoTopUp")}>
    <h2>${t("autoTopUp")}</h2>
    <${Field} label=${t("autoThreshold")} hint=${t("autoThresholdHint")}>${money(threshold, setThreshold)}<//>
    <${Field} label=${t("autoAmount")}>${money(amount, setAmount)}<//>
    <${Field} label=${t("autoMost")} hint=${t("autoAgreeHint")}>
      <input required type="number" min="1" max="24" value=${most} onInput=${(event) => setMost(event.target.value)} />
    <//>
    <p class="actions">
      <button class="primary" disabled=${state.busy} aria-busy=${state.busy}>${t("autoAgree")}</button>
      <button type="button" onClick=${cancel}>${t("cancel")}</button>
    </p>
    ${state.error && html`<p><${Wrong} error=${state.error} /></p>`}
  </form>`;
}
