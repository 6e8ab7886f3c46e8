/**
 * mtcute, as it is installed, logs in to a network of DCs by phone or QR code. Prints one line of JSON.
 *
 * Arguments: the ready file, the id of the DC to begin at, the phone number or `qr`, the user whose photo to fetch.
 * A line that begins with `ask` asks the test for a code or a password, or shows it the QR code.
 * Nothing of mtcute is changed but the address it begins at and the RSA key it trusts.
 */

import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import * as mtcute from "@mtcute/node";
import { NodeCryptoProvider, addPublicKey } from "@mtcute/node/utils.js";

const sha256 = (data) => createHash("sha256").update(data).digest("hex");
const lines = createInterface({ input: process.stdin });

async function ask(question) {
  console.log(`ask ${question}`);
  return (await once(lines, "line"))[0];
}

/** The error of a call that is to fail. */
const refusal = (promise) => promise.then(() => null, (error) => error.text ?? String(error));

async function main(ready, dcId, phone, username) {
  const crypto = new NodeCryptoProvider();
  await crypto.initialize();
  addPublicKey(crypto, ready.public_key_pem);

  const { id, host, port } = ready.dcs.find((each) => each.id === Number(dcId));
  const dc = { id, ipAddress: host, port };
  const client = new mtcute.TelegramClient({
    apiId: ready.api_id,
    apiHash: ready.api_hash,
    storage: new mtcute.MemoryStorage(),
    defaultDcs: { main: dc, media: dc },
    crypto,
    logLevel: Number(process.env.INTEROP_LOG ?? 1),
  });

  try {
    const way = phone === "qr"
      ? { qrCodeHandler: (url) => console.log(`ask ${url}`) }
      : { phone, code: () => ask("code"), codeSentCallback: () => {} };
    await client.start({ ...way, password: () => ask("password") });
    const me = await client.getMe();
    const profile = await client.getUser(username);
    const photo = await client.downloadAsBuffer(profile.photo.big);
    const listed = await client.call({ _: "account.getAuthorizations" });
    const home = await client.getPrimaryDcId();
    await client.call({ _: "auth.logOut" });
    return {
      me: me.username,
      phone: me.phoneNumber,
      home,
      sha256: sha256(photo),
      logins: listed.authorizations.length,
      after: await refusal(client.call({ _: "account.getAuthorizations" })),
    };
  } finally {
    await client.destroy();
    lines.close();
  }
}

const [readyFile, ...rest] = process.argv.slice(2);
console.log(JSON.stringify(await main(JSON.parse(readFileSync(readyFile, "utf8")), ...rest)));
