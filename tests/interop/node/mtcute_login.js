/**
 * mtcute, as it is installed, logs in to a network of DCs by phone or QR code. Prints one line of JSON.
 *
 * Arguments: the ready file, the id of the DC to begin at, the phone number or `qr`, the user whose photo to fetch.
 * A line that begins with `ask` asks the test for a code or a password, or shows it the QR code.
 */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { ask, hush, newClient } from "./mtcute_network.js";

const sha256 = (data) => createHash("sha256").update(data).digest("hex");

/** The error of a call that is to fail. */
const refusal = (promise) => promise.then(() => null, (error) => error.text ?? String(error));

async function main(ready, dcId, phone, username) {
  const client = await newClient(ready, dcId);

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
    hush();
  }
}

const [readyFile, ...rest] = process.argv.slice(2);
console.log(JSON.stringify(await main(JSON.parse(readFileSync(readyFile, "utf8")), ...rest)));
