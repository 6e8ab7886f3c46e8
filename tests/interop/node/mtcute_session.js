/**
 * mtcute, as it is installed, opens a session string that somebody else made, and makes one. Prints one line of JSON.
 *
 * Arguments: the ready file, the session string.
 * Nothing of mtcute is changed but the RSA key it trusts: the address is that of the string, and nobody logs in.
 */

import { readFileSync } from "node:fs";
import * as mtcute from "@mtcute/node";
import { NodeCryptoProvider, addPublicKey } from "@mtcute/node/utils.js";

async function main(ready, given) {
  const crypto = new NodeCryptoProvider();
  await crypto.initialize();
  addPublicKey(crypto, ready.public_key_pem);
  const client = new mtcute.TelegramClient({
    apiId: ready.api_id,
    apiHash: ready.api_hash,
    storage: new mtcute.MemoryStorage(),
    crypto,
    disableUpdates: true,
    logLevel: Number(process.env.INTEROP_LOG ?? 1),
  });
  try {
    await client.importSession(given);
    const me = await client.getMe();
    return { me: me.username, string: await client.exportSession() };
  } finally {
    await client.destroy();
  }
}

const [readyFile, ...rest] = process.argv.slice(2);
console.log(JSON.stringify(await main(JSON.parse(readFileSync(readyFile, "utf8")), ...rest)));
