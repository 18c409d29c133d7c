// Vercel AI SDK with @ai-sdk/anthropic.

import { createAnthropic } from "@ai-sdk/anthropic";
import * as kit from "./kit.mjs";
import { addChecks } from "./vercel.mjs";

const checks = new kit.Checks("Vercel AI SDK, Anthropic (Node)", "ai", "@ai-sdk/anthropic");
checks.absent("models", "responses", "embeddings");
const modelOf = ({ key = kit.API_KEY, model = kit.CLAUDE_MODEL, path = kit.V1, headers }) =>
  createAnthropic({ baseURL: path, apiKey: key, headers })(model);

addChecks(checks, modelOf, { paths: [`${kit.ANTHROPIC_PROXY}/v1`], oneRoute: kit.ONE_ROUTE });
await checks.run();
