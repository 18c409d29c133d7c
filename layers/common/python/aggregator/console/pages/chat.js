// One request to a model: words as they come, and what it held and cost as the answer says.
import { ApiError, send, server, Unreachable } from "./api.js";

const NUMBERS = { temperature: "temperature", topP: "top_p", maxTokens: "max_tokens", seed: "seed" };

// The body of a chat completion for what stands in the form.
// Throws a SyntaxError, with the field's name as `field`, where tools or other parameters are no JSON.
export function bodyOf({ model, system, prompt, image, tools, effort, other, stream, ...form }) {
  const picture = { type: "image_url", image_url: { url: image } };
  const content = image ? [{ type: "text", text: prompt }, picture] : prompt;
  const messages = [{ role: "user", content }];
  if (system.trim()) messages.unshift({ role: "system", content: system });
  const body = { model, messages };
  for (const [name, field] of Object.entries(NUMBERS)) {
    if (form[name].trim()) body[field] = Number(form[name].replace(",", "."));
  }
  if (effort) body.reasoning_effort = effort;
  if (tools.trim()) body.tools = parsed("tools", tools);
  if (stream) Object.assign(body, { stream: true, stream_options: { include_usage: true } });
  return other.trim() ? { ...body, ...parsed("other", other) } : body;
}

function parsed(field, text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw Object.assign(error, { field });
  }
}

// What it costs so far, about: a token for each four letters, at a model's rates for a million.
export function costSoFar(asked, said, prices) {
  if (!prices) return null;
  const letters = JSON.stringify([asked.messages, asked.tools]).length;
  return (letters * Number(prices.input) + said.length * Number(prices.output ?? 0)) / 4 / 1e6;
}

const HEADERS = {
  hold: "x-aggregator-hold-usd",
  cap: "x-aggregator-max-tokens",
  capped: "x-aggregator-capped",
  provider: "x-aggregator-provider",
  ignored: "x-aggregator-ignored",
  requestId: "x-request-id",
};

const headersOf = (answer) =>
  Object.fromEntries(Object.entries(HEADERS).map(([name, header]) => [name, answer.headers.get(header)]));

// Ask, and tell `say` each time something is new: {text, calls, hold, cap, cost, usage, balance, finish}.
export async function chat(body, say, signal) {
  const answer = await send("POST", "/v1/chat/completions", { body, signal });
  const said = { text: "", thoughts: "", calls: [], ...headersOf(answer) };
  say({ ...said });
  if (!body.stream) {
    const whole = await read(() => answer.json());
    take(said, whole.choices[0].message, whole.choices[0].finish_reason);
    return say({ ...said, ...costOf(answer), usage: whole.usage, ended: true });
  }
  for await (const event of events(answer.body)) {
    if (event.error) throw new ApiError(502, event.error, null, said.requestId);
    if (event.usage) {
      Object.assign(said, { usage: event.usage, cost: event.usage.cost_usd, balance: event.usage.balance_usd });
    }
    for (const choice of event.choices || []) take(said, choice.delta, choice.finish_reason);
    say({ ...said });
  }
  return say({ ...said, ended: true });
}

// The same for a model that makes vectors.
export async function embed({ model, prompt }, say, signal) {
  const answer = await send("POST", "/v1/embeddings", { body: { model, input: prompt }, signal });
  const whole = await read(() => answer.json());
  const vector = whole.data[0].embedding;
  say({ ...headersOf(answer), ...costOf(answer), vector, usage: whole.usage, calls: [], text: "", ended: true });
}

const costOf = (answer) => ({
  cost: answer.headers.get("x-aggregator-cost-usd"),
  balance: answer.headers.get("x-aggregator-balance-usd"),
});

function take(said, message = {}, finish) {
  said.text += message.content || "";
  said.thoughts += message.reasoning_content || "";
  for (const call of message.tool_calls || []) {
    const known = (said.calls[call.index ?? said.calls.length] ??= { name: "", input: "" });
    known.name += call.function?.name || "";
    known.input += call.function?.arguments || "";
  }
  if (finish) said.finish = finish;
}

// Read on; a connection that breaks off says so as one that never was.
async function read(on) {
  try {
    return await on();
  } catch (failed) {
    if (failed.name === "AbortError") throw failed;
    server.lost();
    throw new Unreachable(failed.message);
  }
}

export async function* events(stream) {
  const decoder = new TextDecoder();
  const reader = stream.getReader();
  let waiting = "";
  for (;;) {
    const { done, value } = await read(() => reader.read());
    waiting += decoder.decode(value, { stream: !done });
    const blocks = waiting.split(/\r?\n\r?\n/);
    waiting = blocks.pop();
    for (const block of blocks) {
      const lines = block.split(/\r?\n/).filter((line) => line.startsWith("data:"));
      const data = lines.map((line) => line.slice(5).trim()).join("\n");
      if (data && data !== "[DONE]") yield JSON.parse(data);
    }
    if (done) return;
  }
}
