// One chat completion, streamed: words as they come, and what it held and cost as the answer says.
import { ApiError, send } from "./api.js";

export function bodyOf({ model, system, prompt, image, temperature, maxTokens, tools, stream }) {
  const content = image ? [{ type: "text", text: prompt }, { type: "image_url", image_url: { url: image } }] : prompt;
  const body = { model, messages: [...(system ? [{ role: "system", content: system }] : []), { role: "user", content }] };
  if (temperature !== "") body.temperature = Number(temperature);
  if (maxTokens !== "") body.max_tokens = Number(maxTokens);
  if (tools.trim()) body.tools = JSON.parse(tools);
  if (stream) Object.assign(body, { stream: true, stream_options: { include_usage: true } });
  return body;
}

// Ask, and tell `say` each time something is new: {text, calls, hold, cap, cost, usage, balance, finish}.
export async function chat(body, say, signal) {
  const answer = await send("POST", "/v1/chat/completions", { body, signal });
  const said = { text: "", thoughts: "", calls: [], hold: answer.headers.get("x-aggregator-hold-usd"), cap: answer.headers.get("x-aggregator-max-tokens"), capped: answer.headers.get("x-aggregator-capped"), provider: answer.headers.get("x-aggregator-provider"), requestId: answer.headers.get("x-request-id") };
  if (!body.stream) {
    const whole = await answer.json();
    take(said, whole.choices[0].message, whole.choices[0].finish_reason);
    Object.assign(said, { usage: whole.usage, cost: answer.headers.get("x-aggregator-cost-usd"), balance: answer.headers.get("x-aggregator-balance-usd"), ended: true });
    return say({ ...said });
  }
  say({ ...said });
  for await (const event of events(answer.body)) {
    if (event.error) throw new ApiError(502, event.error, null, said.requestId);
    if (event.usage) Object.assign(said, { usage: event.usage, cost: event.usage.cost_usd, balance: event.usage.balance_usd });
    for (const choice of event.choices || []) take(said, choice.delta, choice.finish_reason);
    say({ ...said });
  }
  return say({ ...said, ended: true });
}

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

async function* events(stream) {
  const decoder = new TextDecoder();
  const reader = stream.getReader();
  let waiting = "";
  for (;;) {
    const { done, value } = await reader.read();
    waiting += decoder.decode(value, { stream: !done });
    const blocks = waiting.split(/\r?\n\r?\n/);
    waiting = blocks.pop();
    for (const block of blocks) {
      const data = block.split(/\r?\n/).filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trim()).join("\n");
      if (data && data !== "[DONE]") yield JSON.parse(data);
    }
    if (done) return;
  }
}
