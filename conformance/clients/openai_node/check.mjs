// openai, the official client for Node.

import { randomUUID } from "node:crypto";
import OpenAI from "openai";
import { zodResponseFormat, zodTextFormat } from "openai/helpers/zod";
import { z } from "zod";
import * as kit from "./kit.mjs";

const checks = new kit.Checks("openai (Node)", "openai");
const City = z.object({ name: z.string(), population: z.number().int() });
const user = (content) => [{ role: "user", content }];
const client = (apiKey = kit.API_KEY, baseURL = kit.V1) => new OpenAI({ baseURL, apiKey });
const chats = () => client().chat.completions;

async function ask(key, model, text) {
  const answer = await client(key).chat.completions.create({ model: model ?? kit.MODEL, messages: user(text) });
  return answer.choices[0].message.content;
}

async function piecesFrom(from) {
  const found = [];
  const stream = await from.chat.completions.create({ model: kit.MODEL, messages: user(kit.HELLO), stream: true });
  for await (const chunk of stream) if (chunk.choices[0].delta.content) found.push(chunk.choices[0].delta.content);
  return found;
}

const resultsOf = (calls) =>
  calls.map((call) => {
    kit.assert(typeof JSON.parse(call.function.arguments).city === "string");
    return { role: "tool", tool_call_id: call.id, content: kit.RESULTS[call.function.name] };
  });

async function converse(text, names, read) {
  const settings = { model: kit.MODEL, tools: names.map(kit.tool) };
  const said = await read({ ...settings, messages: user(text) });
  kit.assert(said.tool_calls.map((call) => call.function.name).join() === names.join(), JSON.stringify(said));
  const messages = [...user(text), said, ...resultsOf(said.tool_calls)];
  const answer = await chats().create({ ...settings, messages });
  return kit.used(answer.choices[0].message.content, ...names);
}

const plainly = async (body) => (await chats().create(body)).choices[0].message;
const asStream = async (body) => (await chats().stream(body).finalChatCompletion()).choices[0].message;

async function look(url) {
  const parts = [
    { type: "text", text: "What is this?" },
    { type: "image_url", image_url: { url } },
  ];
  const answer = await chats().create({ model: kit.MODEL, messages: user(parts) });
  return kit.sawImage(answer.choices[0].message.content);
}

checks.check("plain", async () => {
  const answer = await chats().create({ model: kit.MODEL, messages: user(kit.HELLO) });
  kit.answered(answer.choices[0].message.content);
  kit.assert(answer._request_id, "no request id");
});
checks.check("streamed", async () => kit.pieces(await piecesFrom(client())));
checks.check("tools", () => converse("How is the weather?", ["get_weather"], plainly));
checks.check("tools_streamed", () => converse("Both, please", ["get_weather", "get_time"], asStream));
checks.check("parallel_tools", () => converse("Both, in parallel", ["get_weather", "get_time"], plainly));
checks.check("image_data", () => look(kit.DATA_URI));
checks.check("image_url", () => look(kit.IMAGE_URL));
checks.check("json_schema", async () => {
  const answer = await chats().parse({
    model: kit.MODEL,
    messages: user("A city, please"),
    response_format: zodResponseFormat(City, "city"),
  });
  kit.assert(City.safeParse(answer.choices[0].message.parsed).success, "not parsed");
  return "parsed";
});
checks.check("embeddings", async () => {
  const found = await client().embeddings.create({ model: kit.EMBEDDING_MODEL, input: ["one", "two"] });
  return kit.vectors(found.data.map((each) => each.embedding));
});
checks.check("responses", async () => {
  const api = client().responses;
  kit.answered((await api.create({ model: kit.MODEL, input: kit.HELLO })).output_text);
  const tools = [{ type: "function", name: "get_weather", parameters: kit.WEATHER, strict: true }];
  const kinds = [];
  const stream = api.stream({ model: kit.MODEL, input: "How is the weather?", tools });
  for await (const event of stream) kinds.push(event.type);
  const { output } = await stream.finalResponse();
  const result = { type: "function_call_output", call_id: output[0].call_id, output: kit.RESULTS[output[0].name] };
  const input = [...user("How is the weather?"), ...output, result];
  kit.used((await api.create({ model: kit.MODEL, input, tools })).output_text, "get_weather");
  const text = { format: zodTextFormat(City, "city") };
  const parsed = await api.parse({ model: kit.MODEL, input: "A city", text });
  kit.assert(City.safeParse(parsed.output_parsed).success, "not parsed");
  return `plain, ${kinds.length} events with a call, schema`;
});
checks.check("models", async () => {
  const found = [];
  for await (const model of client().models.list()) found.push(model.id);
  kit.assert(found.includes(kit.MODEL) && (await client().models.retrieve(kit.MODEL)).id === kit.MODEL);
  return `${found.length} listed, 1 read`;
});
checks.check("idempotency", async () => {
  const mark = await kit.at();
  const options = { headers: { "Idempotency-Key": randomUUID() } };
  const body = { model: kit.MODEL, messages: user(kit.HELLO) };
  return kit.same(mark, await chats().create(body, options), await chats().create(body, options));
});
checks.check("cancel", async () => {
  const mark = await kit.at();
  const stream = await chats().create({ model: kit.MODEL, messages: user(kit.LONG), stream: true });
  let seen = 0;
  for await (const chunk of stream) if (chunk && ++seen === kit.LEAST_PIECES) break;
  return kit.left(mark);
});
checks.check("usage", async () => {
  const mark = await kit.at();
  const body = { model: kit.MODEL, messages: user(kit.HELLO) };
  const used = [(await chats().create(body)).usage];
  const stream = await chats().create({ ...body, stream: true, stream_options: { include_usage: true } });
  for await (const chunk of stream) if (chunk.usage) used.push(chunk.usage);
  const sum = (name) => used.reduce((all, each) => all + each[name], 0);
  return kit.counted(mark, sum("prompt_tokens"), sum("completion_tokens"));
});
checks.check("proxy_path", async () => {
  const mark = await kit.at();
  const from = client(kit.API_KEY, kit.PROXY);
  const answer = await from.chat.completions.create({ model: kit.MODEL, messages: user(kit.HELLO) });
  kit.answered(answer.choices[0].message.content);
  kit.pieces(await piecesFrom(from));
  kit.vectors(
    (await from.embeddings.create({ model: kit.EMBEDDING_MODEL, input: ["one", "two"] })).data.map((each) => each.embedding),
  );
  kit.answered((await from.responses.create({ model: kit.MODEL, input: kit.HELLO })).output_text);
  return kit.created(mark);
});
checks.faults(ask, {
  wrong_key: (error) => error instanceof OpenAI.AuthenticationError,
  no_money: (error) => error instanceof OpenAI.APIError && error.status === 402 && error.code === "insufficient_quota",
  no_model: (error) => error instanceof OpenAI.NotFoundError && error.code === "model_not_found",
  rate_limit: (error) => error instanceof OpenAI.RateLimitError,
  provider_fault: (error) => error instanceof OpenAI.InternalServerError,
});
checks.retry(ask);
await checks.run();
