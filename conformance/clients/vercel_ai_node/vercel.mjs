// The Vercel AI SDK's checks, for any of its providers.

import { randomUUID } from "node:crypto";
import { APICallError, embedMany, generateText, isStepCount, jsonSchema, Output, RetryError, streamText, tool } from "ai";
import { z } from "zod";
import * as kit from "./kit.mjs";

const City = z.object({ name: z.string(), population: z.number().int() });
const usual = { maxOutputTokens: 1000 };
const toolOf = (name) =>
  tool({ description: name, inputSchema: jsonSchema(kit.WEATHER), execute: async ({ city }) => city && kit.RESULTS[name] });
const toolsOf = (names) => Object.fromEntries(names.map((name) => [name, toolOf(name)]));
const sum = (all, name) => all.reduce((total, each) => total + each[name], 0);

/** `modelOf({ key, model, path, headers })` makes a model; `bases` are the paths under which it is served. */
export function addChecks(checks, modelOf, { paths, urls = true, oneRoute }) {
  const model = () => modelOf({});

  async function ask(key, name, text) {
    return (await generateText({ ...usual, model: modelOf({ key, model: name }), prompt: text })).text;
  }

  async function piecesFrom(from) {
    const found = [];
    for await (const text of streamText({ ...usual, model: from, prompt: kit.HELLO }).textStream) found.push(text);
    return found;
  }

  async function converse(prompt, names, read) {
    const settings = { ...usual, model: model(), prompt, tools: toolsOf(names), stopWhen: isStepCount(3) };
    const { text, steps } = await read(settings);
    kit.assert(steps.length === 2 && steps[0].toolCalls.map((call) => call.toolName).join() === names.join());
    return kit.used(text, ...names);
  }

  const asStream = async (settings) => {
    const result = streamText(settings);
    return { text: await result.text, steps: await result.steps };
  };

  async function look(data) {
    const content = [
      { type: "text", text: "What is this?" },
      { type: "file", mediaType: "image/png", data },
    ];
    return kit.sawImage((await generateText({ ...usual, model: model(), messages: [{ role: "user", content }] })).text);
  }

  checks.check("plain", async () => {
    kit.answered((await generateText({ ...usual, model: model(), prompt: kit.HELLO })).text);
  });
  checks.check("streamed", async () => kit.pieces(await piecesFrom(model())));
  checks.check("tools", () => converse("How is the weather?", ["get_weather"], generateText));
  checks.check("tools_streamed", () => converse("Both, please", ["get_weather", "get_time"], asStream));
  checks.check("parallel_tools", () => converse("Both, in parallel", ["get_weather", "get_time"], generateText));
  checks.check("image_data", () => look(kit.PIXEL));
  if (urls) checks.check("image_url", () => look(new URL(kit.IMAGE_URL)));
  checks.check("json_schema", async () => {
    const output = Output.object({ schema: City });
    const plain = await generateText({ ...usual, model: model(), prompt: "A city", output });
    kit.assert(City.safeParse(plain.output).success, JSON.stringify(plain.output));
    const streamed = streamText({ ...usual, model: model(), prompt: "A city", output });
    kit.assert(City.safeParse(await streamed.output).success, "not parsed");
    return "parsed, plain and streamed";
  });
  checks.check("idempotency", async () => {
    const mark = await kit.at();
    const settings = { ...usual, model: modelOf({ headers: { "Idempotency-Key": randomUUID() } }), prompt: kit.HELLO };
    return kit.same(mark, (await generateText(settings)).text, (await generateText(settings)).text);
  });
  checks.check("cancel", async () => {
    const mark = await kit.at();
    const stop = new AbortController();
    let seen = 0;
    const stream = streamText({ ...usual, model: model(), prompt: kit.LONG, abortSignal: stop.signal });
    for await (const text of stream.textStream) if (text && ++seen === kit.LEAST_PIECES) stop.abort();
    return kit.left(mark);
  });
  checks.check("usage", async () => {
    const mark = await kit.at();
    const settings = { ...usual, model: model(), prompt: kit.HELLO };
    const used = [(await generateText(settings)).usage, await streamText(settings).usage];
    return kit.counted(mark, sum(used, "inputTokens"), sum(used, "outputTokens"));
  });
  checks.check("proxy_path", async () => {
    const mark = await kit.at();
    for (const path of paths) {
      kit.answered((await generateText({ ...usual, model: modelOf({ path }), prompt: kit.HELLO })).text);
      kit.pieces(await piecesFrom(modelOf({ path })));
    }
    return kit.created(mark);
  });
  const once = (error, status) => APICallError.isInstance(error) && error.statusCode === status;
  const atLast = (error, status) => RetryError.isInstance(error) && once(error.lastError, status);
  checks.faults(ask, { wrong_key: once, no_money: once, no_model: once, rate_limit: atLast, provider_fault: atLast });
  checks.retry(ask, oneRoute);
}

export async function embedTwo(model) {
  const { embeddings, usage } = await embedMany({ model, values: ["one", "two"] });
  kit.assert(usage.tokens > 0);
  return kit.vectors(embeddings);
}
