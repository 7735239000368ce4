// The official OpenAI and Anthropic clients for Node.js, doing what the first argument names. Prints one JSON value a line.
// A stream's line is printed when its chunk is read: the test lets the provider send the next one after that.
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";

const [task, baseURL, apiKey] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0, timeout: 60_000 });
const claude = new Anthropic({ baseURL: baseURL.replace(/\/v1$/, ""), apiKey, maxRetries: 0, timeout: 60_000 });
const messages = [{ role: "user", content: "one two three" }];
const say = (value) => process.stdout.write(JSON.stringify(value) + "\n");

const tasks = {
  async chat() {
    const answer = await client.chat.completions.create({ model: "echo", messages });
    say({ content: answer.choices[0].message.content, tokens: answer.usage.total_tokens });
  },
  async stream(model = "gated") {
    for await (const chunk of await client.chat.completions.create({ model, messages, stream: true })) {
      say(chunk.choices[0].delta.content ?? null);
    }
  },
  async cut() {
    await tasks.stream("cut");
  },
  // Anthropic's dialect, to Claude and over a bridge.
  async messages() {
    for (const model of ["claude", "groq-echo"]) {
      const whole = await claude.messages.create({ model, max_tokens: 20, messages });
      const stream = claude.messages.stream({ model, max_tokens: 20, messages });
      const streamed = await stream.finalMessage();
      say({ model, whole: whole.content[0].text, streamed: streamed.content[0].text, reason: streamed.stop_reason });
    }
  },
  async messages_cut() {
    for await (const event of claude.messages.stream({ model: "groq-cut", max_tokens: 20, messages })) say(event.type);
  },
  // OpenAI's newer dialect, to a provider that speaks it and over a bridge.
  async responses() {
    for (const model of ["echo", "claude"]) {
      const whole = await client.responses.create({ model, input: "Hello" });
      const types = [];
      const stream = client.responses.stream({ model, input: "Hello" });
      for await (const event of stream) types.push(event.type);
      const streamed = await stream.finalResponse();
      say({ model, whole: whole.output_text, streamed: streamed.output_text, last: types.at(-1) });
    }
  },
  async embeddings() {
    const answer = await client.embeddings.create({ model: "embed", input: ["a"] });
    say(answer.data[0].embedding);
  },
  async models() {
    for await (const model of client.models.list()) say(model.id);
  },
  async unknown() {
    await client.chat.completions.create({ model: "no-such-model", messages });
  },
  async busy() {
    await client.chat.completions.create({ model: "busy", messages });
  },
};

try {
  await tasks[task]();
} catch (error) {
  say({ error: error.constructor.name, status: error.status ?? null });
}
