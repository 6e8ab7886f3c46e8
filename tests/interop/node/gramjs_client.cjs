/**
 * GramJS, as it is installed, against the DC of a ready file. Prints what it saw as one line of JSON.
 *
 * Arguments: the ready file, the username whose photos to fetch, the name of GramJS's connection class.
 * Nothing of GramJS is changed but the address it connects to and the RSA key it trusts.
 */

const { createHash } = require("node:crypto");
const { readFileSync } = require("node:fs");
const bigInt = require("big-integer");
const { Api, TelegramClient, sessions, version } = require("telegram");
const network = require("telegram/network");
const { LAYER } = require("telegram/tl/AllTLObjects");
const { trust } = require("./gramjs_trust.cjs");

const sha256 = (data) => createHash("sha256").update(data).digest("hex");

/** The named connection class, to the DC's port; GramJS itself knows the ports 80 and 443 only. */
function connectionTo({ host, port }, protocol) {
  return class extends network[protocol] {
    constructor(options) {
      super({ ...options, ip: host, port });
    }
  };
}

async function main(ready, username, protocol) {
  trust(ready);
  const session = new sessions.MemorySession();
  session.setDC(ready.dc_id, ready.host, ready.port);
  const client = new TelegramClient(session, ready.api_id, ready.api_hash, {
    connection: connectionTo(ready, protocol),
    connectionRetries: 1,
  });
  client.setLogLevel(process.env.INTEROP_LOG ?? "none");
  try {
    await client.start({ botAuthToken: ready.bot_token, onError: (error) => { throw error; } });
    const me = await client.getMe();
    const userId = await client.getInputEntity(username);
    const answer = await client.invoke(new Api.photos.GetUserPhotos({ userId, offset: 0, maxId: bigInt.zero, limit: 100 }));
    const photo = answer.photos[0];
    return {
      version,
      layer: LAYER,
      me: me.username,
      answer: answer.className,
      returned: answer.photos.length,
      count: answer.count ?? answer.photos.length,
      photo: photo.id.toString(),
      sha256: sha256(await client.downloadMedia(photo, { thumb: "c" })),
      sha256_by_peer: sha256(await client.downloadProfilePhoto(username)),
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
