/**
 * GramJS, as it is installed, logs in to a network of DCs by phone or QR code. Prints one line of JSON.
 *
 * Arguments: the ready file, the id of the DC to begin at, the phone number or `qr`, the user whose photo to fetch.
 * A line that begins with `ask` asks the test for a code or a password, or shows it the QR code.
 * Nothing of GramJS is changed but the ports it connects to and the RSA key it trusts.
 */

const { createHash } = require("node:crypto");
const { once } = require("node:events");
const { readFileSync } = require("node:fs");
const { createInterface } = require("node:readline");
const { Api, TelegramClient, sessions } = require("telegram");
const network = require("telegram/network");
const { trust } = require("./gramjs_trust.cjs");

const sha256 = (data) => createHash("sha256").update(data).digest("hex");
const lines = createInterface({ input: process.stdin });

async function ask(question) {
  console.log(`ask ${question}`);
  return (await once(lines, "line"))[0];
}

/** The error of a call that is to fail. */
const refusal = (promise) => promise.then(() => null, (error) => error.errorMessage ?? String(error));

/** GramJS connects to the address of the config, but to the ports 80 and 443 only: those of the DCs take their place. */
function connectionTo(dcs) {
  return class extends network.ConnectionTCPFull {
    constructor(options) {
      super({ ...options, port: dcs.find((each) => each.dc_id === options.dcId).port });
    }
  };
}

async function main(ready, dcId, phone, username) {
  trust(ready);
  const begun = ready.dcs.find((each) => each.dc_id === Number(dcId));
  const session = new sessions.MemorySession();
  session.setDC(begun.dc_id, begun.host, begun.port);
  const client = new TelegramClient(session, ready.api_id, ready.api_hash, {
    connection: connectionTo(ready.dcs),
    connectionRetries: 1,
  });
  client.setLogLevel(process.env.INTEROP_LOG ?? "none");
  const asked = {
    phoneNumber: phone,
    phoneCode: () => ask("code"),
    password: () => ask("password"),
    firstAndLastNames: () => ["Ada", "Lovelace"],
    qrCode: ({ token }) => console.log(`ask tg://login?token=${token.toString("base64url")}`),
    onError: () => false, // it asks once more,
  };
  try {
    if (phone === "qr") {
      await client.connect();
      await client.signInUserWithQrCode({ apiId: ready.api_id, apiHash: ready.api_hash }, asked);
    } else {
      await client.start(asked);
    }
    const me = await client.getMe();
    const photo = await client.downloadProfilePhoto(username);
    const listed = await client.invoke(new Api.account.GetAuthorizations());
    await client.invoke(new Api.auth.LogOut());
    return {
      me: me.username,
      phone: me.phone,
      home: session.dcId,
      sha256: sha256(photo),
      logins: listed.authorizations.length,
      after: await refusal(client.invoke(new Api.account.GetAuthorizations())),
    };
  } finally {
    await client.destroy();
  }
}

const [readyFile, ...rest] = process.argv.slice(2);
main(JSON.parse(readFileSync(readyFile, "utf8")), ...rest).then(
  (seen) => { console.log(JSON.stringify(seen)); process.exit(0); },
  (error) => { console.error(error); process.exit(1); },
);
