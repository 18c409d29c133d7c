// Playground: ask one model, or two side by side, and see what it holds and costs; the same as curl and Python.
import { get, SERVER } from "../api.js";
import { bodyOf, chat } from "../chat.js";
import { number, usd } from "../format.js";
import { html, useRef, useState } from "../h.js";
import { change } from "../route.js";
import { t } from "../text.js";
import { Copy, Failed, Field, Loaded, useLoaded } from "../ui.js";

export function Playground({ route }) {
  const models = useLoaded((signal) => get("/orchestrator/models", {}, { signal }), []);
  return html`<h1>${t("playground")}</h1>
    <${Loaded} loaded=${models}>${(data) => html`<${Desk} names=${data.models.filter((model) => model.maxOutputTokens).map((model) => model.id)} route=${route} />`}<//>`;
}

function Desk({ names, route }) {
  const [form, setForm] = useState({ system: "", prompt: "", image: "", temperature: "", maxTokens: "", tools: "", stream: true });
  const [said, setSaid] = useState({});
  const [busy, setBusy] = useState(false);
  const stop = useRef(null);
  const first = [route.query.model, "gpt-4o-mini", names[0]].find((name) => names.includes(name));
  const asked = [first, ...(names.includes(route.query.beside) ? [route.query.beside] : [])];
  const set = (name) => (event) => setForm({ ...form, [name]: event.target.type === "checkbox" ? event.target.checked : event.target.value });
  const bodies = () => asked.map((model) => bodyOf({ ...form, model }));
  const ask = async (event) => {
    event.preventDefault();
    stop.current = new AbortController();
    setBusy(true);
    setSaid({});
    const one = async (model, at) => {
      try {
        await chat(bodyOf({ ...form, model }), (told) => setSaid((before) => ({ ...before, [at]: told })), stop.current.signal);
      } catch (error) {
        setSaid((before) => ({ ...before, [at]: { ...before[at], error: error.name === "AbortError" ? null : error, stopped: error.name === "AbortError" } }));
      }
    };
    await Promise.all(asked.map(one));
    setBusy(false);
  };
  const show = (event) => {
    const file = event.target.files[0];
    if (!file) return setForm({ ...form, image: "" });
    const reader = new FileReader();
    reader.onload = () => setForm((before) => ({ ...before, image: reader.result }));
    return reader.readAsDataURL(file);
  };
  return html`<form class="desk" onSubmit=${ask}>
      <div class="filters">
        <${Pick} label=${t("model")} names=${names} value=${first} pick=${(model) => change(route, { model })} />
        <${Pick} label=${t("beside")} names=${["", ...names]} value=${asked[1] || ""} pick=${(beside) => change(route, { beside })} />
        <${Field} label=${t("temperature")}><input inputmode="decimal" value=${form.temperature} onInput=${set("temperature")} /><//>
        <${Field} label=${t("maxTokens")}><input inputmode="numeric" value=${form.maxTokens} onInput=${set("maxTokens")} /><//>
        <label class="check"><input type="checkbox" checked=${form.stream} onChange=${set("stream")} /> ${t("stream")}</label>
      </div>
      <${Field} label=${t("system")}><textarea rows="2" value=${form.system} onInput=${set("system")}></textarea><//>
      <${Field} label=${t("prompt")}><textarea rows="5" required value=${form.prompt} onInput=${set("prompt")}></textarea><//>
      <details><summary>${t("imageAndTools")}</summary>
        <${Field} label=${t("image")}><input type="file" accept="image/png,image/jpeg,image/webp,image/gif" onChange=${show} /><//>
        <${Field} label=${t("tools")} hint=${t("toolsHint")}><textarea rows="4" value=${form.tools} onInput=${set("tools")}></textarea><//>
      </details>
      <p><button class="primary" disabled=${busy || !form.prompt.trim()}>${busy ? t("working") : t("send")}</button>
        ${busy && html` <button type="button" onClick=${() => stop.current.abort()}>${t("stop")}</button>`}</p>
    </form>
    <div class="answers">${asked.map((model, at) => html`<${Answer} model=${model} said=${said[at]} busy=${busy} />`)}</div>
    ${form.prompt.trim() && html`<details><summary>${t("asCode")}</summary><${Code} bodies=${bodies} /></details>`}`;
}

function Pick({ label, names, value, pick }) {
  return html`<${Field} label=${label}><select value=${value} onChange=${(event) => pick(event.target.value)}>
    ${names.map((name) => html`<option value=${name}>${name || t("nobody")}</option>`)}
  </select><//>`;
}

function Answer({ model, said, busy }) {
  if (!said) return busy ? html`<section class="card" aria-busy="true"><h2>${model}</h2><p class="loading" role="status">${t("waiting")}</p></section>` : null;
  return html`<section class="card" aria-live="polite">
    <h2>${model}</h2>
    ${said.thoughts && html`<details><summary>${t("thoughts")}</summary><p class="said quiet">${said.thoughts}</p></details>`}
    ${said.text && html`<p class="said">${said.text}</p>`}
    ${(said.calls || []).map((call) => html`<pre tabindex="0"><code>${call.name}(${call.input})</code></pre>`)}
    ${said.error && html`<${Failed} error=${said.error} />`}
    ${said.stopped && html`<p class="quiet">${t("stopped")}</p>`}
    <dl class="figures small">
      <div class="figure"><dt>${t("hold")}</dt><dd>${usd(said.hold)}</dd></div>
      <div class="figure"><dt>${t("cost")}</dt><dd>${said.cost == null ? "…" : usd(said.cost)}</dd></div>
      ${said.usage && html`<div class="figure"><dt>${t("tokens")}</dt><dd>${number(said.usage.prompt_tokens)} + ${number(said.usage.completion_tokens)}</dd></div>`}
      ${said.capped && html`<div class="figure"><dt>${t("cappedAt")}</dt><dd>${number(Number(said.cap))}</dd></div>`}
      ${said.finish && html`<div class="figure"><dt>${t("ended")}</dt><dd>${said.finish}</dd></div>`}
    </dl>
  </section>`;
}

function Code({ bodies }) {
  let said;
  try {
    said = bodies()[0];
  } catch (error) {
    return html`<p class="wrong">${t("toolsNoJson")} ${error.message}</p>`;
  }
  const json = JSON.stringify(said, null, 2);
  const curl = `curl ${said.stream ? "-N " : ""}${SERVER}/v1/chat/completions \\\n  -H "Authorization: Bearer $AGGREGATOR_API_KEY" -H "Content-Type: application/json" \\\n  -d '${json.replaceAll("'", "'\\''")}'`;
  const python = `import json\nimport os\n\nfrom openai import OpenAI\n\nclient = OpenAI(base_url="${SERVER}/v1", api_key=os.environ["AGGREGATOR_API_KEY"])\nbody = json.loads(r'''${json.replaceAll("'''", "\\u0027\\u0027\\u0027")}''')\nanswer = client.chat.completions.create(**body)\n${said.stream ? 'for chunk in answer:\n    if chunk.choices:\n        print(chunk.choices[0].delta.content or "", end="")' : "print(answer.choices[0].message.content)"}`;
  return html`${[["curl", curl], ["Python", python]].map(([name, text]) => html`<h3>${name}</h3><pre tabindex="0"><code>${text}</code></pre><${Copy} text=${text} />`)}`;
}
