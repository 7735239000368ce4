// A provider at which people sign in, as certified by the OpenID Foundation: `oidc-provider`, on a free port of the
// loopback, with PKCE required. Its interaction signs whoever comes in as the person that is set. Commands come line by
// line on the standard input, and each is answered by a line of JSON: `person {claims}` sets who comes next (`null`: it
// says no), `token ok|html|slow|broken` how it answers codes.

import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { exportJWK, generateKeyPair } from "jose";
import { Provider } from "oidc-provider";

// What the library says is no answer.
console.info = console.warn = console.error;

const people = new Map();
let next = null;
let token = "ok";

let answer = null;
const server = createServer((request, response) => answer(request, response));
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const url = `http://127.0.0.1:${server.address().port}`;
const { privateKey } = await generateKeyPair("RS256", { extractable: true });

const provider = new Provider(url, {
  jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: "key", use: "sig", alg: "RS256" }] },
  clients: [
    {
      client_id: "gateway",
      client_secret: process.env.CLIENT_SECRET,
      redirect_uris: process.env.REDIRECTS.split(","),
      grant_types: ["authorization_code"],
      response_types: ["code"],
    },
  ],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "preferred_username", "role"] },
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_, id) => ({ accountId: id, claims: () => people.get(id) }),
  // Nobody is asked whether the gateway may know who it is.
  loadExistingGrant: async (context) => {
    const { client, account } = context.oidc;
    const grant = new context.oidc.provider.Grant({ clientId: client.clientId, accountId: account.accountId });
    grant.addOIDCScope("openid email profile");
    await grant.save();
    return grant;
  },
});

const usual = provider.callback();
answer = async (request, response) => {
  if (request.url.startsWith("/interaction/")) {
    const result = next
      ? { login: { accountId: next } }
      : { error: "access_denied", error_description: "<b>no</b>" };
    await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  } else if (request.url === "/token" && token !== "ok") {
    const html = "<html>secret of the provider</html>";
    if (token === "html") response.writeHead(200, { "content-type": "text/html" }).end(html);
    if (token === "broken") response.writeHead(500).end(html);
    // Slow: it never answers.
  } else {
    usual(request, response);
  }
};
console.log(JSON.stringify({ url }));

for await (const line of createInterface({ input: process.stdin })) {
  const [command, rest] = [line.split(" ")[0], line.slice(line.indexOf(" ") + 1)];
  if (command === "person") {
    const claims = JSON.parse(rest);
    next = claims?.sub ?? null;
    if (claims) people.set(next, claims);
  } else if (command === "token") {
    token = rest;
  }
  console.log(JSON.stringify({ done: command }));
}
