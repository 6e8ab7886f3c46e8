/** What both scripts for GramJS need: the RSA key of a ready file. */

const { createPublicKey } = require("node:crypto");
const bigInt = require("big-integer");
const { _serverKeys } = require("telegram/crypto/RSA");

const number = (base64url) => bigInt(Buffer.from(base64url, "base64url").toString("hex"), 16);

/** Put the DC's key beside those that GramJS ships; it knows them by their signed fingerprint. */
exports.trust = function trust(ready) {
  const { n, e } = createPublicKey(ready.public_key_pem).export({ format: "jwk" });
  const fingerprint = BigInt.asIntN(64, BigInt(`0x${ready.fingerprint}`)).toString();
  _serverKeys.set(fingerprint, { n: number(n), e: number(e).toJSNumber() });
};
