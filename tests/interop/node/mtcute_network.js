/**
 * mtcute, as it is installed, towards a network of local DCs, and questions to the test that runs the script.
 *
 * Nothing of mtcute is changed but the address it begins at and the RSA key it trusts.
 */

import { once } from "node:events";
import { createInterface } from "node:readline";
import * as mtcute from "@mtcute/node";
import { NodeCryptoProvider, addPublicKey } from "@mtcute/node/utils.js";

const lines = createInterface({ input: process.stdin });

/** Print a question, and return the line that the test answers with. */
export async function ask(question) {
  console.log(`ask ${question}`);
  return (await once(lines, "line"))[0];
}

/** Let nobody answer any more, so that the script can end. */
export const hush = () => lines.close();

/** A client that nobody has logged in, at a DC of the network that the ready file describes. */
export async function newClient(ready, dcId) {
  const crypto = new NodeCryptoProvider();
  await crypto.initialize();
  addPublicKey(crypto, ready.public_key_pem);

  const { dc_id: id, host, port } = ready.dcs.find((each) => each.dc_id === Number(dcId));
  const dc = { id, ipAddress: host, port };
  return new mtcute.TelegramClient({
    apiId: ready.api_id,
    apiHash: ready.api_hash,
    storage: new mtcute.MemoryStorage(),
    defaultDcs: { main: dc, media: dc },
    crypto,
    logLevel: Number(process.env.INTEROP_LOG ?? 1),
  });
}
