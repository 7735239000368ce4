// An issuer of tokens, as certified by the OpenID Foundation: `oidc-provider`, on a free port of the loopback. It gives
// tokens for client credentials, signed by the newest of its keys. Commands come line by line on the standard input:
// `rotate` puts another key in the place of those before, `sign {claims}` signs a token that the issuer itself would never
// give. Each is answered by a line of JSON.

import { createInterface } from "node:readline";
import { exportJWK, generateKeyPair, importJWK, SignJWT } from "jose";
import { Provider } from "oidc-provider";

// What the library says is no answer.
console.info = console.warn = console.error;

const RESOURCE = "urn:gateway";
const secret = process.env.CLIENT_SECRET;
let number = 0;

async function newKey() {
  const { privateKey } = await generateKeyPair("RS256", { extractable: true });
  number += 1;
  return { ...(await exportJWK(privateKey)), kid: `key-${number}`, use: "sig", alg: "RS256" };
}

function provider(url, key) {
  return new Provider(url, {
    jwks: { keys: [key] },
    clients: ["engineering", "research", "stranger", "root"].map((client_id) => ({
      client_id,
      client_secret: secret,
      grant_types: ["client_credentials"],
      redirect_uris: [],
      response_types: [],
    })),
    scopes: ["litellm_proxy_admin", "models"],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => RESOURCE,
        getResourceServerInfo: (_, resource) => ({
          scope: "litellm_proxy_admin models",
          audience: resource,
          accessTokenTTL: 600,
          accessTokenFormat: resource === "urn:opaque" ? "opaque" : "jwt",
          ...(resource === "urn:opaque" ? {} : { jwt: { sign: { alg: "RS256" } } }),
        }),
      },
    },
    extraTokenClaims: (_, token) => ({ groups: [token.clientId, "everybody"], customer: "end-user-1" }),
  });
}

const { createServer } = await import("node:http");
let answer = null;
const server = createServer((request, response) => answer(request, response));
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const url = `http://127.0.0.1:${server.address().port}`;
let key = await newKey();
answer = provider(url, key).callback();
console.log(JSON.stringify({ url }));

for await (const line of createInterface({ input: process.stdin })) {
  const [command, rest] = [line.split(" ")[0], line.slice(line.indexOf(" ") + 1)];
  if (command === "rotate") {
    key = await newKey();
    answer = provider(url, key).callback();
    console.log(JSON.stringify({ kid: key.kid }));
  } else if (command === "sign") {
    const { header, ...claims } = JSON.parse(rest);
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: "RS256", kid: key.kid, ...header })
      .sign(await importJWK(key, "RS256"));
    console.log(JSON.stringify({ token }));
  }
}
