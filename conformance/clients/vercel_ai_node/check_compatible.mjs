// Vercel AI SDK with @ai-sdk/openai-compatible, which speaks chat completions.

import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import * as kit from "./kit.mjs";
import { addChecks, embedTwo } from "./vercel.mjs";

const checks = new kit.Checks("Vercel AI SDK, OpenAI-compatible (Node)", "ai", "@ai-sdk/openai-compatible");
checks.absent("models", "responses", "image_url");
const provider = ({ key: apiKey = kit.API_KEY, path: baseURL = kit.V1, headers }) =>
  createOpenAICompatible({
    name: "aggregator",
    baseURL,
    apiKey,
    headers,
    includeUsage: true,
    supportsStructuredOutputs: true,
  });

addChecks(checks, ({ model = kit.MODEL, ...at }) => provider(at)(model), { paths: [kit.PROXY], urls: false });
checks.check("embeddings", () => embedTwo(provider({}).embeddingModel(kit.EMBEDDING_MODEL)));
await checks.run();
