// @anthropic-ai/sdk, the official client for Node.

import { randomUUID } from "node:crypto";
import Anthropic from "@anthropic-ai/sdk";
import * as kit from "./kit.mjs";

const checks = new kit.Checks("@anthropic-ai/sdk (Node)", "@anthropic-ai/sdk");
checks.absent("embeddings", "responses");
const user = (content) => [{ role: "user", content }];
const client = (apiKey = kit.API_KEY, baseURL = kit.BASE_URL) => new Anthropic({ baseURL, apiKey });
const usual = { model: kit.CLAUDE_MODEL, max_tokens: 1000 };

async function ask(key, model, text) {
  const answer = await client(key).messages.create({ ...usual, model: model ?? kit.CLAUDE_MODEL, messages: user(text) });
  return answer.content[0].text;
}

async function piecesFrom(from) {
  const found = [];
  const stream = from.messages.stream({ ...usual, messages: user(kit.HELLO) });
  stream.on("text", (text) => found.push(text));
  kit.assert((await stream.finalMessage()).stop_reason === "end_turn");
  return found;
}

const claudeTool = (name) => ({ name, description: name, input_schema: kit.WEATHER });

async function converse(text, names, read) {
  const body = { ...usual, tools: names.map(claudeTool) };
  const said = await read({ ...body, messages: user(text) });
  const calls = said.content.filter((block) => block.type === "tool_use");
  kit.assert(said.stop_reason === "tool_use" && calls.map((call) => call.name).join() === names.join());
  kit.assert(calls.every((call) => typeof call.input.city === "string"));
  const results = calls.map((call) => ({ type: "tool_result", tool_use_id: call.id, content: kit.RESULTS[call.name] }));
  const messages = [...user(text), { role: "assistant", content: said.content }, ...user(results)];
  const answer = await client().messages.create({ ...body, messages });
  return kit.used(answer.content[0].text, ...names);
}

const plainly = (body) => client().messages.create(body);
const asStream = (body) => client().messages.stream(body).finalMessage();

async function look(source) {
  const content = [
    { type: "text", text: "What is this?" },
    { type: "image", source },
  ];
  return kit.sawImage((await client().messages.create({ ...usual, messages: user(content) })).content[0].text);
}

checks.check("plain", async () => {
  const answer = await client().messages.create({ ...usual, messages: user(kit.HELLO) });
  kit.answered(answer.content[0].text);
  kit.assert(answer._request_id, "no request id");
  const byToken = new Anthropic({ baseURL: kit.BASE_URL, authToken: kit.API_KEY, apiKey: null });
  kit.answered((await byToken.messages.create({ ...usual, messages: user(kit.HELLO) })).content[0].text);
  return "with apiKey and authToken";
});
checks.check("streamed", async () => kit.pieces(await piecesFrom(client())));
checks.check("tools", () => converse("How is the weather?", ["get_weather"], plainly));
checks.check("tools_streamed", () => converse("Both, please", ["get_weather", "get_time"], asStream));
checks.check("parallel_tools", () => converse("Both, in parallel", ["get_weather", "get_time"], plainly));
checks.check("image_data", () => look({ type: "base64", media_type: "image/png", data: kit.PIXEL }));
checks.check("image_url", () => look({ type: "url", url: kit.IMAGE_URL }));
checks.check("json_schema", async () => {
  const format = { type: "json_schema", schema: kit.WEATHER };
  const answer = await client().messages.create({ ...usual, messages: user("A city"), output_config: { format } });
  kit.assert(typeof JSON.parse(answer.content[0].text).city === "string");
  return "parsed";
});
checks.check("models", async () => {
  const found = new Map();
  for await (const model of client().models.list()) found.set(model.id, model);
  const id = kit.CLAUDE_MODEL;
  kit.assert(found.get(id)?.display_name && found.get(id).type === "model", JSON.stringify(found.get(id)));
  kit.assert((await client().models.retrieve(id)).display_name === found.get(id).display_name);
  return `${found.size} listed, 1 read`;
});
checks.check("idempotency", async () => {
  const mark = await kit.at();
  const options = { headers: { "Idempotency-Key": randomUUID() } };
  const body = { ...usual, messages: user(kit.HELLO) };
  const first = await client().messages.create(body, options);
  return kit.same(mark, first, await client().messages.create(body, options));
});
checks.check("cancel", async () => {
  const mark = await kit.at();
  const stream = await client().messages.create({ ...usual, messages: user(kit.LONG), stream: true });
  let seen = 0;
  for await (const event of stream) if (event && ++seen === kit.LEAST_PIECES) break;
  return kit.left(mark);
});
checks.check("usage", async () => {
  const mark = await kit.at();
  const body = { ...usual, messages: user(kit.HELLO) };
  const used = [(await client().messages.create(body)).usage, (await asStream(body)).usage];
  kit.assert((await client().messages.countTokens({ model: kit.CLAUDE_MODEL, messages: user(kit.HELLO) })).input_tokens);
  const sum = (name) => used.reduce((all, each) => all + each[name], 0);
  return `${await kit.counted(mark, sum("input_tokens"), sum("output_tokens"))}, countTokens is free`;
});
checks.check("proxy_path", async () => {
  const mark = await kit.at();
  const from = client(kit.API_KEY, kit.ANTHROPIC_PROXY);
  kit.pieces(await piecesFrom(from));
  kit.answered((await from.messages.create({ ...usual, messages: user(kit.HELLO) })).content[0].text);
  return kit.created(mark);
});
checks.faults(ask, {
  wrong_key: (error) => error instanceof Anthropic.AuthenticationError,
  no_money: (error) => error instanceof Anthropic.APIError && error.status === 402,
  no_model: (error) => error instanceof Anthropic.NotFoundError,
  rate_limit: (error) => error instanceof Anthropic.RateLimitError,
  provider_fault: (error) => error instanceof Anthropic.InternalServerError,
});
checks.retry(ask, kit.ONE_ROUTE);
await checks.run();
