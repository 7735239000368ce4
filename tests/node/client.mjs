// The official OpenAI client for Node.js doing what the first argument names. Prints one JSON value a line.
// A stream's line is printed when its chunk is read: the test lets the provider send the next one after that.
import OpenAI from "openai";

const [task, baseURL, apiKey] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0, timeout: 60_000 });
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
