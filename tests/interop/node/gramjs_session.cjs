/**
 * GramJS, as it is installed, opens a session string that somebody else made, and makes one. Prints one line of JSON.
 *
 * Arguments: the ready file, the session string.
 * Nothing of GramJS is changed but the RSA key it trusts, and the port where it is above 32767, which GramJS reads as a
 * negative number and can't write: the string that it makes has the port 443 then. Nobody logs in.
 */

const { readFileSync } = require("node:fs");
const { TelegramClient, sessions } = require("telegram");
const network = require("telegram/network");
const { trust } = require("./gramjs_trust.cjs");

async function main(ready, given) {
  trust(ready);
  class ConnectionToReady extends network.ConnectionTCPFull {
    constructor(options) {
      super({ ...options, port: ready.port });
    }
  }
  const session = new sessions.StringSession(given);
  const client = new TelegramClient(session, ready.api_id, ready.api_hash, {
    connection: ConnectionToReady,
    connectionRetries: 1,
  });
  client.setLogLevel(process.env.INTEROP_LOG ?? "none");
  try {
    await client.connect();
    const me = await client.getMe();
    const port = session.port & 0xffff;
    session.setDC(session.dcId, session.serverAddress, port < 0x8000 ? port : 443);
    return { me: me.username, port, string: session.save() };
  } finally {
    await client.destroy();
  }
}

const [readyFile, ...rest] = process.argv.slice(2);
main(JSON.parse(readFileSync(readyFile, "utf8")), ...rest).then(
  (seen) => { console.log(JSON.stringify(seen)); process.exit(0); },
  (error) => { console.error(error); process.exit(1); },
);
