// Playground: ask one model, or two side by side, and see what it holds and costs; the same as curl and Python.
import { get } from "../api.js";
import { bodyOf, chat, embed } from "../chat.js";
import { html, useRef, useState } from "../h.js";
import { change } from "../route.js";
import { t } from "../text.js";
import { Choice, Field, Loaded, useKept, useLoaded } from "../ui.js";
import { Answer, Code, Quote } from "./answer.js";

const EMPTY = {
  system: "", prompt: "", image: "", tools: "", temperature: "", topP: "", maxTokens: "", seed: "", effort: "",
  other: "", stream: true,
};
const PICTURES = "image/png,image/jpeg,image/webp,image/gif";
const EFFORTS = ["minimal", "low", "medium", "high"];

export function Playground({ me, route }) {
  const models = useLoaded((signal) => get("/orchestrator/models", {}, { signal }), []);
  const mayList = me.admin || me.scopes.includes("models:read");
  if (!mayList) return html`<h1>${t("playground")}</h1><${Desk} models=${[]} route=${route} />`;
  return html`<h1>${t("playground")}</h1>
    <${Loaded} loaded=${models} shape="card">${(data) => html`<${Desk} models=${data.models} route=${route} />`}<//>`;
}

function Desk({ models, route }) {
  const [form, setForm] = useKept("playground", EMPTY);
  const [said, setSaid] = useKept("playground answers", {});
  const [busy, setBusy] = useState(false);
  const stop = useRef(null);
  const names = models.map((model) => model.id);
  const first = [route.query.model, "gpt-4o-mini", names[0]].find((name) => names.includes(name)) ?? route.query.model;
  const asked = [first, names.includes(route.query.beside) ? route.query.beside : null].filter(Boolean);
  const ready = first && form.prompt.trim();
  const makesVectors = (model) => models.find((each) => each.id === model)?.capabilities.includes("embeddings");
  const one = async (model, at) => {
    const say = (told) => setSaid((before) => ({ ...before, [at]: { ...before[at], ...told } }));
    const begun = Date.now();
    say({ model, begun });
    try {
      if (makesVectors(model)) await embed({ model, prompt: form.prompt }, say, stop.current.signal);
      else await chat(bodyOf({ ...form, model }), say, stop.current.signal);
    } catch (error) {
      say(error.name === "AbortError" ? { stopped: true } : { error });
    }
    say({ ended: true, tookMs: Date.now() - begun });
  };
  const ask = async (event) => {
    event.preventDefault();
    stop.current = new AbortController();
    setBusy(true);
    setSaid({});
    await Promise.all(asked.map(one));
    setBusy(false);
  };
  const set = (name) => (event) => {
    const { type, checked, value } = event.target;
    setForm({ ...form, [name]: type === "checkbox" ? checked : value });
  };
  const send = (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && ready && !busy) ask(event);
  };
  return html`<form onSubmit=${ask} onKeyDown=${send}>
      <${Models} names=${names} asked=${asked} route=${route} />
      <${Field} label=${t("system")}><textarea rows="2" value=${form.system} onInput=${set("system")}></textarea><//>
      <${Field} label=${t("prompt")} hint=${t("promptHint")}>
        <textarea rows="5" required value=${form.prompt} onInput=${set("prompt")}></textarea>
      <//>
      <${Parameters} form=${form} set=${set} setForm=${setForm} />
      <div class="filters">
        <label class="check">
          <input type="checkbox" checked=${form.stream} onChange=${set("stream")} /> ${t("stream")}
        </label>
        <button class="primary" disabled=${busy || !ready} aria-busy=${busy}>${t("send")}</button>
        <button type="button" disabled=${!busy} onClick=${() => stop.current.abort()}>${t("stop")}</button>
      </div>
    </form>
    <div class="answers">
      ${asked.map((model, at) => {
        const told = said[at]?.model === model ? said[at] : null;
        const prices = models.find((each) => each.id === model)?.prices;
        return html`<section class="card" key=${at} aria-label=${model}>
          <h2>${model}</h2>
          <${Quote} form=${form} model=${model} vectors=${makesVectors(model)} />
          ${told && html`<${Answer} said=${told} asked=${{ ...form, model }} prices=${prices} />`}
        </section>`;
      })}
    </div>
    ${form.prompt.trim() && html`<details><summary>${t("asCode")}</summary>
      ${asked.map((model) => html`<${Code} form=${form} model=${model} vectors=${makesVectors(model)}
        titled=${asked.length > 1} />`)}
    </details>`}`;
}

// Whoever may not list models says the name of one.
function Models({ names, asked, route }) {
  const named = (event) => change(route, { model: event.target.value.trim() });
  if (!names.length) {
    return html`<${Field} label=${t("model")}>
      <input value=${route.query.model || ""} onChange=${named} />
    <//>`;
  }
  const options = names.map((name) => [name, name]);
  return html`<div class="filters">
    <${Choice} label=${t("model")} value=${asked[0]} options=${options} pick=${(model) => change(route, { model })} />
    <${Choice} label=${t("beside")} value=${asked[1] || ""} options=${[["", t("nobody")], ...options]}
      pick=${(beside) => change(route, { beside })} />
  </div>`;
}

function Parameters({ form, set, setForm }) {
  const numeric = (name) => html`<${Field} label=${t(name)}>
    <input inputmode="decimal" value=${form[name]} onInput=${set(name)} />
  <//>`;
  const efforts = [["", t("unsaid")], ...EFFORTS.map((each) => [each, each])];
  return html`<details open><summary>${t("parameters")}</summary>
      <div class="grid">
        ${["temperature", "topP", "maxTokens", "seed"].map(numeric)}
        <${Choice} label=${t("effort")} value=${form.effort} options=${efforts}
          pick=${(effort) => setForm({ ...form, effort })} />
      </div>
      <${Field} label=${t("other")} hint=${t("otherHint")}>
        <textarea rows="2" value=${form.other} onInput=${set("other")} placeholder='{"stop": ["END"]}'></textarea>
      <//>
    </details>
    <details open=${Boolean(form.image || form.tools)}><summary>${t("imageAndTools")}</summary>
      <${Picture} form=${form} setForm=${setForm} />
      <${Field} label=${t("tools")} hint=${t("toolsHint")}>
        <textarea rows="4" value=${form.tools} onInput=${set("tools")}></textarea>
      <//>
    </details>`;
}

function Picture({ form, setForm }) {
  const show = (event) => {
    const file = event.target.files[0];
    if (!file) return setForm({ ...form, image: "" });
    const reader = new FileReader();
    reader.onload = () => setForm((before) => ({ ...before, image: reader.result }));
    return reader.readAsDataURL(file);
  };
  return html`<${Field} label=${t("image")}><input type="file" accept=${PICTURES} onChange=${show} /><//>
    ${form.image && html`<p class="actions">
      <img class="thumbnail" src=${form.image} alt=${t("imageChosen")} />
      <button type="button" onClick=${() => setForm({ ...form, image: "" })}>${t("imageAway")}</button>
    </p>`}`;
}
