// Book a credit, debit, refund or adjustment: said in words first, and booked once however often it is sent.
import { call } from "../../api.js";
import { usd } from "../../format.js";
import { html, useEffect, useRef, useState } from "../../h.js";
import { inWords } from "../../inwords.js";
import { freshKey } from "../../once.js";
import { language, t } from "../../text.js";
import { Field, Wrong } from "../../ui.js";

const KINDS = ["credit", "debit", "refund", "adjustment"];
const AMOUNT = "[0-9]{1,9}(\\.[0-9]{1,9})?";
const whatOf = (entry) => entry.request?.model || t(`entry_${entry.type}`);

// `whose` names the wallet as the API does: a team's, unless it is the user's.
export function Booking({ id, whose = { userId: id }, available, refunded, booked, cancel }) {
  const [form, setForm] = useState({
    type: refunded ? "refund" : "credit",
    amount: refunded ? refunded.amount.slice(1) : "",
    description: "",
  });
  const [state, setState] = useState({ step: "form" });
  const key = useRef(null);
  const confirm = useRef(null);
  const top = useRef(null);
  const running = useRef(false);
  useEffect(() => {
    if (refunded) top.current?.querySelector("input")?.focus();
  }, []);
  useEffect(() => {
    if (state.step === "sure") confirm.current?.focus();
  }, [state.step]);
  const words = inWords(form.amount, language());
  const set = (name) => (event) => {
    setForm({ ...form, [name]: event.target.value });
    setState({ step: "form" });
  };
  const ask = (event) => {
    event.preventDefault();
    key.current = freshKey();
    setState({ step: "sure" });
  };
  // The same key until it is known to be booked: a repetition after a lost answer gets the entry that it led to.
  const book = async () => {
    if (running.current) return;
    running.current = true;
    setState({ step: "sure", busy: true });
    const body = { ...whose, type: form.type, amount: form.amount.trim() };
    if (form.description.trim()) body.description = form.description.trim();
    if (refunded && form.type === "refund") body.refersTo = refunded.id;
    try {
      const entry = await call("POST", "/billing/transaction", { body, headers: { "Idempotency-Key": key.current } });
      setForm({ type: "credit", amount: "", description: "" });
      setState({ step: "form", entry });
      booked();
    } catch (error) {
      setState({ step: "sure", error });
    } finally {
      running.current = false;
    }
  };
  return html`<form class="card" onSubmit=${ask} ref=${top} aria-label=${t("book")}>
    <h2>${refunded ? t("refundOf", { what: whatOf(refunded), amount: usd(refunded.amount.slice(1)) }) : t("book")}</h2>
    <div class="grid wide">
      ${
        !refunded &&
        html`<${Field} label=${t("kind")}>
        <select value=${form.type} disabled=${state.busy} onChange=${set("type")}>
          ${KINDS.map((kind) => html`<option value=${kind}>${t(`book_${kind}`)}</option>`)}
        </select>
      <//>`
      }
      <${Field} label=${t("amountUsd")}>
        <input
          required
          inputmode="decimal"
          autocomplete="off"
          disabled=${state.busy}
          pattern=${form.type === "adjustment" ? `-?${AMOUNT}` : AMOUNT}
          title=${t("amountHint")}
          value=${form.amount}
          onInput=${set("amount")}
        />
      <//>
      <${Field} label=${t("description")}>
        <input maxlength="200" disabled=${state.busy} value=${form.description} onInput=${set("description")} />
      <//>
    </div>
    <p class="quiet" aria-live="polite">${words || " "}</p>
    ${state.step === "form" && html`<button class="primary">${t("goOn")}</button>`}
    ${
      state.step === "sure" &&
      html`<div class="notice" role="alertdialog" aria-label=${t("sure")}>
      <p><strong>${t(`sure_${form.type}`, { id, amount: usd(form.amount.trim()), words })}</strong></p>
      ${available != null && html`<p class="quiet">${t("availableNow", { amount: usd(available) })}</p>`}
      <p class="actions">
        <button
          type="button"
          class="danger"
          ref=${confirm}
          disabled=${state.busy}
          aria-busy=${state.busy}
          onClick=${book}
        >
          ${state.error ? t("again") : t("bookNow")}
        </button>
        <button type="button" disabled=${state.busy} onClick=${() => setState({ step: "form" })}>${t("cancel")}</button>
      </p>
      ${state.error && html`<p><${Wrong} error=${state.error} /></p>`}
    </div>`
    }
    ${state.entry && html`<p class="good" role="status">
      ${t("bookedAs", { amount: usd(state.entry.amount), id: state.entry.id })}
    </p>`}
    ${refunded && html`<p><button type="button" onClick=${cancel}>${t("bookOther")}</button></p>`}
  </form>`;
}
