// LangChain's ChatOpenAI and OpenAIEmbeddings for Node.

import { randomUUID } from "node:crypto";
import { HumanMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { ChatOpenAI, OpenAIEmbeddings } from "@langchain/openai";
import { z } from "zod";
import * as kit from "./kit.mjs";

const checks = new kit.Checks("LangChain, OpenAI (Node)", "@langchain/openai", "@langchain/core", "openai");
checks.absent("models");
const City = z.object({ name: z.string(), population: z.number().int() });
const schema = z.object({ city: z.string() });
const TOOLS = Object.fromEntries(
  Object.keys(kit.RESULTS).map((name) => [name, tool(() => kit.RESULTS[name], { name, description: name, schema })]),
);

function chat({ key = kit.API_KEY, model = kit.MODEL, path = kit.V1, headers, ...options } = {}) {
  const configuration = { baseURL: path, defaultHeaders: headers };
  return new ChatOpenAI({ apiKey: key, model, maxRetries: 2, configuration, ...options });
}

const ask = async (key, model, text) => (await chat({ key, model }).invoke(text)).text;

async function piecesFrom(from) {
  const found = [];
  for await (const chunk of await from.stream(kit.HELLO)) if (chunk.text) found.push(chunk.text);
  return found;
}

async function together(stream) {
  let all;
  for await (const chunk of await stream) all = all ? all.concat(chunk) : chunk;
  return all;
}

async function converse(text, names, read, from = chat()) {
  const bound = from.bindTools(names.map((name) => TOOLS[name]));
  const asked = [new HumanMessage(text)];
  const said = await read(bound, asked);
  kit.assert(said.tool_calls.map((call) => call.name).join() === names.join(), JSON.stringify(said));
  const results = await Promise.all(said.tool_calls.map((call) => TOOLS[call.name].invoke(call)));
  return kit.used((await bound.invoke([...asked, said, ...results])).text, ...names);
}

const plainly = (from, asked) => from.invoke(asked);
const asStream = (from, asked) => together(from.stream(asked));

async function look(url) {
  const content = [
    { type: "text", text: "What is this?" },
    { type: "image_url", image_url: { url } },
  ];
  return kit.sawImage((await chat().invoke([new HumanMessage({ content })])).text);
}

checks.check("plain", async () => void kit.answered((await chat().invoke(kit.HELLO)).text));
checks.check("streamed", async () => kit.pieces(await piecesFrom(chat())));
checks.check("tools", () => converse("How is the weather?", ["get_weather"], plainly));
checks.check("tools_streamed", () => converse("Both, please", ["get_weather", "get_time"], asStream));
checks.check("parallel_tools", () => converse("Both, in parallel", ["get_weather", "get_time"], plainly));
checks.check("image_data", () => look(kit.DATA_URI));
checks.check("image_url", () => look(kit.IMAGE_URL));
checks.check("json_schema", async () => {
  for (const method of ["jsonSchema", "functionCalling"]) {
    const found = await chat().withStructuredOutput(City, { method }).invoke("A city, please");
    kit.assert(City.safeParse(found).success, JSON.stringify(found));
  }
  return "by schema and by tool";
});
checks.check("embeddings", async () => {
  const from = new OpenAIEmbeddings({
    apiKey: kit.API_KEY,
    model: kit.EMBEDDING_MODEL,
    configuration: { baseURL: kit.V1 },
  });
  return kit.vectors(await from.embedDocuments(["one", "two"]));
});
checks.check("responses", async () => {
  const from = chat({ useResponsesApi: true });
  kit.answered((await from.invoke(kit.HELLO)).text);
  const words = kit.pieces(await piecesFrom(from));
  await converse("How is the weather?", ["get_weather"], asStream, from);
  return `plain, ${words}, tools`;
});
checks.check("idempotency", async () => {
  const mark = await kit.at();
  const from = chat({ headers: { "Idempotency-Key": randomUUID() } });
  return kit.same(mark, (await from.invoke(kit.HELLO)).text, (await from.invoke(kit.HELLO)).text);
});
checks.check("cancel", async () => {
  const mark = await kit.at();
  const stop = new AbortController();
  let seen = 0;
  try {
    for await (const chunk of await chat().stream(kit.LONG, { signal: stop.signal }))
      if (chunk && ++seen === kit.LEAST_PIECES) stop.abort();
  } catch (aborted) {
    kit.assert(/abort/i.test(`${aborted.name} ${aborted.message}`), String(aborted));
  }
  return kit.left(mark);
});
checks.check("usage", async () => {
  const mark = await kit.at();
  const used = [
    (await chat().invoke(kit.HELLO)).usage_metadata,
    (await together(chat({ streamUsage: true }).stream(kit.HELLO))).usage_metadata,
  ];
  const sum = (name) => used.reduce((all, each) => all + each[name], 0);
  return kit.counted(mark, sum("input_tokens"), sum("output_tokens"));
});
checks.check("proxy_path", async () => {
  const mark = await kit.at();
  kit.answered((await chat({ path: kit.PROXY }).invoke(kit.HELLO)).text);
  kit.pieces(await piecesFrom(chat({ path: kit.PROXY })));
  return kit.created(mark);
});
const ofStatus = (error, status) => error.status === status;
checks.faults(ask, {
  wrong_key: ofStatus,
  no_money: ofStatus,
  no_model: ofStatus,
  rate_limit: ofStatus,
  provider_fault: ofStatus,
});
checks.retry(ask);
await checks.run();
