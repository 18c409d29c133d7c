// What a model would hold, what it says, what that costs, and the same request as code.
import { call, SERVER } from "../api.js";
import { bodyOf, costSoFar } from "../chat.js";
import { number, roughly, seconds, usd } from "../format.js";
import { html, useEffect, useState } from "../h.js";
import { to } from "../route.js";
import { curl, embeddings, python } from "../snippets.js";
import { t } from "../text.js";
import { Copy, Failed, messageOf } from "../ui.js";

const TYPED_FOR = 700;

const requestOf = (form, model, vectors) => (vectors ? { model, input: form.prompt } : bodyOf({ ...form, model }));

// What the request would hold now, asked anew when the reader stops typing: nothing is held by asking.
export function Quote({ form, model, vectors }) {
  const [said, setSaid] = useState({});
  useEffect(() => {
    if (!form.prompt.trim()) return setSaid({});
    const stop = new AbortController();
    const timer = setTimeout(async () => {
      try {
        const body = requestOf(form, model, vectors);
        setSaid({ quote: await call("POST", "/v1/quote", { body, signal: stop.signal }) });
      } catch (error) {
        if (!stop.signal.aborted) setSaid({ error });
      }
    }, TYPED_FOR);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [form, model]);
  const { quote, error } = said;
  const usual = (quote?.routes.find((each) => each.taken) ?? quote?.routes[0])?.expected_usd;
  return html`<p class="quiet quote" aria-live="polite">
    ${!quote && !error && t("quoteLater")}
    ${error && html`<span class="wrong">${error.field ? `${t("noJson")} ${error.message}` : messageOf(error)}</span>`}
    ${quote?.refused && html`<span class="wrong">${quote.refused.message}</span>`}
    ${quote?.hold_usd && t("wouldHold", { amount: usd(quote.hold_usd) })}
    ${quote?.hold_usd && usual && ` ${t("wouldCost", { amount: roughly(Number(usual.median)) })}`}
  </p>`;
}

export function Answer({ said, asked, prices }) {
  const { calls = [], vector } = said;
  return html`<div class="told">
    ${said.thoughts && html`<details>
      <summary>${t("thoughts")}</summary><p class="said quiet">${said.thoughts}</p>
    </details>`}
    <p class="said" aria-live="polite" aria-busy=${!said.ended}>${said.text || (said.ended ? "" : t("waiting"))}</p>
    ${calls.map((each) => html`<pre tabindex="0"><code>${each.name}(${each.input})</code></pre>`)}
    ${vector && html`<p>
      ${t("vector", { count: number(vector.length) })} <code>${vector.slice(0, 4).join(", ")}, …</code>
    </p>`}
    ${said.error && html`<${Failed} error=${said.error} />`}
    ${said.stopped && html`<p class="quiet">${t("stopped")}</p>`}
    <dl class="figures small"><${Figures} said=${said} asked=${asked} prices=${prices} /></dl>
    ${said.ignored && html`<p class="quiet">${t("ignoredHow")} <code>${said.ignored}</code></p>`}
    ${said.ended && said.hold && html`<p><a href=${to("requests", {}, said.requestId)}>${t("requestInFull")}</a></p>`}
  </div>`;
}

function Figures({ said, asked, prices }) {
  const { usage } = said;
  const figure = (name, value) => html`<div class="figure"><dt>${t(name)}</dt><dd>${value}</dd></div>`;
  return html`
    ${said.hold && figure("hold", usd(said.hold))}
    ${said.hold && figure("cost", said.cost == null ? soFar(said, asked, prices) : usd(said.cost))}
    ${figure("took", html`<${Clock} said=${said} />`)}
    ${usage && figure("tokens", `${number(usage.prompt_tokens)} + ${number(usage.completion_tokens ?? 0)}`)}
    ${said.provider && figure("provider", said.provider)}
    ${said.capped && figure("cappedAt", t("tokensMany", { count: number(Number(said.cap)) }))}
    ${said.balance && figure("balanceAfter", usd(said.balance))}
    ${said.finish && figure("ended", said.finish)}`;
}

// While words come, about what they cost until now.
function soFar(said, asked, prices) {
  if (said.ended) return "–";
  const request = { messages: [asked.system, asked.prompt], tools: asked.tools };
  const cost = costSoFar(request, said.text + said.thoughts, prices);
  return cost === null ? "…" : roughly(cost);
}

function Clock({ said }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (said.ended) return undefined;
    const timer = setInterval(() => setNow(Date.now()), 100);
    return () => clearInterval(timer);
  }, [said.ended]);
  return seconds(said.tookMs ?? Math.max(0, now - said.begun));
}

export function Code({ form, model, vectors, titled }) {
  let texts;
  try {
    const body = requestOf(form, model, vectors);
    texts = vectors ? embeddings(SERVER, body) : [curl(SERVER, body), python(SERVER, body)];
  } catch (error) {
    return html`<p class="wrong">${t("noJson")} ${error.message}</p>`;
  }
  return html`${titled && html`<h2>${model}</h2>`}
    ${["curl", "Python"].map((name, at) => html`<h3>${name}</h3>
      <pre tabindex="0" class="code"><code>${texts[at]}</code></pre>
      <p><${Copy} text=${texts[at]} /></p>`)}`;
}
