// Vercel AI SDK with @ai-sdk/openai, which speaks Responses unless told otherwise.

import { createOpenAI } from "@ai-sdk/openai";
import { generateText } from "ai";
import * as kit from "./kit.mjs";
import { addChecks, embedTwo } from "./vercel.mjs";

const checks = new kit.Checks("Vercel AI SDK, OpenAI (Node)", "ai", "@ai-sdk/openai");
checks.absent("models");
const provider = ({ key = kit.API_KEY, path = kit.V1, headers }) => createOpenAI({ baseURL: path, apiKey: key, headers });

addChecks(checks, ({ model = kit.MODEL, ...at }) => provider(at)(model), { paths: [kit.PROXY] });
checks.check("embeddings", () => embedTwo(provider({}).embeddingModel(kit.EMBEDDING_MODEL)));
checks.check("responses", async () => {
  const mark = await kit.at();
  kit.answered((await generateText({ model: provider({})(kit.MODEL), prompt: kit.HELLO })).text);
  const [{ path }] = await kit.exchangesSince(mark);
  kit.assert(path === "/v1/responses", path);
  kit.answered((await generateText({ model: provider({}).chat(kit.MODEL), prompt: kit.HELLO })).text);
  return "the whole row; .chat() as well";
});
await checks.run();
