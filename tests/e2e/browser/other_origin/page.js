// What an application in a browser does with the official SDKs, on an origin that is not the server's.
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";

const QUESTION = [{ role: "user", content: "Say hello." }];

const clients = (server, key) => ({
  openai: new OpenAI({ baseURL: `${server}/v1`, apiKey: key, dangerouslyAllowBrowser: true, maxRetries: 0 }),
  anthropic: new Anthropic({ baseURL: server, apiKey: key, dangerouslyAllowBrowser: true, maxRetries: 0 }),
});

async function failed(work) {
  try {
    await work;
    return null;
  } catch (error) {
    return { status: error.status ?? null, message: error.message };
  }
}

window.asked = async (server, key) => {
  const { openai, anthropic } = clients(server, key);
  const { data, response } = await openai.chat.completions.create({ model: "gpt-4o-mini", messages: QUESTION }).withResponse();
  let streamed = "";
  for await (const chunk of await openai.chat.completions.create({ model: "gpt-4o-mini", messages: QUESTION, stream: true }))
    streamed += chunk.choices[0]?.delta?.content ?? "";
  const message = await anthropic.messages.create({ model: "claude-haiku-4-5", max_tokens: 50, messages: QUESTION });
  const whole = await anthropic.messages.stream({ model: "claude-haiku-4-5", max_tokens: 50, messages: QUESTION }).finalMessage();
  return {
    chat: data.choices[0].message.content,
    streamed,
    message: message.content[0].text,
    whole: whole.content[0].text,
    requestIds: [data._request_id, message._request_id],
    cost: response.headers.get("x-aggregator-cost-usd"),
  };
};

window.refused = async (server, key) => {
  const { openai, anthropic } = clients(server, key);
  return {
    chat: await failed(openai.chat.completions.create({ model: "gpt-4o-mini", messages: QUESTION })),
    message: await failed(anthropic.messages.create({ model: "claude-haiku-4-5", max_tokens: 50, messages: QUESTION })),
    models: await failed(openai.models.list()),
  };
};
