/**
 * mtcute, as it is installed, against the DC of a ready file. Prints what it saw as one line of JSON.
 *
 * Arguments: the ready file, the username whose photos to fetch, the name of mtcute's packet codec, and if the codec
 * is to be wrapped `obfuscated`.
 * Nothing of mtcute is changed but the address it connects to and the RSA key it trusts.
 */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import * as mtcute from "@mtcute/node";
import { NodeCryptoProvider, addPublicKey, toInputUser } from "@mtcute/node/utils.js";

const sha256 = (data) => createHash("sha256").update(data).digest("hex");

/** mtcute's own transport, with the named codec in the place of its default. */
function transport(codec, obfuscated) {
  const tcp = new mtcute.TcpTransport();
  const inner = () => new mtcute[codec]();
  tcp.packetCodec = () => (obfuscated ? new mtcute.ObfuscatedPacketCodec(inner()) : inner());
  return tcp;
}

async function main(ready, username, codec, obfuscated) {
  const crypto = new NodeCryptoProvider();
  await crypto.initialize();
  addPublicKey(crypto, ready.public_key_pem);

  const dc = { id: ready.dc_id, ipAddress: ready.host, port: ready.port };
  const client = new mtcute.TelegramClient({
    apiId: ready.api_id,
    apiHash: ready.api_hash,
    storage: new mtcute.MemoryStorage(),
    defaultDcs: { main: dc, media: dc },
    crypto,
    ...(codec && { transport: transport(codec, obfuscated) }),
    disableUpdates: true,
    logLevel: Number(process.env.INTEROP_LOG ?? 1),
  });

  try {
    const me = await client.start({ botToken: ready.bot_token });
    const userId = toInputUser(await client.resolvePeer(username));
    const answer = await client.call({ _: "photos.getUserPhotos", userId, offset: 0, maxId: mtcute.Long.ZERO, limit: 100 });
    const count = answer.count ?? answer.photos.length;
    const listed = [];
    for await (const photo of client.iterProfilePhotos(username, { limit: count })) listed.push(photo); // never ends without
    const profile = await client.getUser(username);
    const thumbnail = listed[0].getThumbnail("c");
    return {
      me: me.username,
      answer: answer._,
      returned: answer.photos.length,
      count,
      listed: listed.map((photo) => photo.raw.id.toString()),
      photo: answer.photos[0].id.toString(),
      sha256: sha256(await client.downloadAsBuffer(thumbnail)),
      sha256_by_peer: sha256(await client.downloadAsBuffer(profile.photo.big)),
    };
  } finally {
    await client.destroy();
  }
}

const [readyFile, ...rest] = process.argv.slice(2);
console.log(JSON.stringify(await main(JSON.parse(readFileSync(readyFile, "utf8")), ...rest)));
