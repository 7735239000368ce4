// The official OpenAI and Anthropic clients for Node.js, reading a stream with a thought, words and a call in each dialect.
// Prints what each was told as one JSON object.
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";

const [baseURL, apiKey, model, content] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0, timeout: 60_000 });
const claude = new Anthropic({ baseURL: baseURL.replace(/\/v1$/, ""), apiKey, maxRetries: 0, timeout: 60_000 });
const messages = [{ role: "user", content }];

async function chat() {
  const told = { thought: "", words: "", counted: false };
  let name, json = "";
  const asked = { model, messages, stream: true, stream_options: { include_usage: true } };
  for await (const { choices, usage } of await client.chat.completions.create(asked)) {
    told.counted ||= usage?.completion_tokens > 0;
    for (const { delta } of choices) {
      told.thought += delta.reasoning_content ?? "";
      told.words += delta.content ?? "";
      for (const { function: piece } of delta.tool_calls ?? []) {
        name ??= piece.name;
        json += piece.arguments ?? "";
      }
    }
  }
  return { ...told, called: { name, arguments: JSON.parse(json) } };
}

async function responses() {
  const told = { thought: "", words: "" };
  const stream = client.responses.stream({ model, input: messages });
  for await (const event of stream) {
    if (event.type === "response.reasoning_summary_text.delta") told.thought += event.delta;
    if (event.type === "response.output_text.delta") told.words += event.delta;
  }
  const { output, usage } = await stream.finalResponse();
  const { name, arguments: json } = output.find(({ type }) => type === "function_call");
  return { ...told, called: { name, arguments: JSON.parse(json) }, counted: usage.output_tokens > 0 };
}

async function inMessages() {
  const { content, usage } = await claude.messages.stream({ model, max_tokens: 20, messages }).finalMessage();
  const [{ thinking }, { text }, { name, input }] = content;
  return { thought: thinking, words: text, called: { name, arguments: input }, counted: usage.output_tokens > 0 };
}

console.log(JSON.stringify({ chat: await chat(), responses: await responses(), messages: await inMessages() }));
