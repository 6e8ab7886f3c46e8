/**
 * mtcute, as it is installed, writes to somebody and hears what comes. Prints one line of JSON.
 *
 * Arguments: the ready file, the id of the DC to log in at, the phone number, the name of whom to write to, the texts
 * to write first, those to write at the end, and the last text to wait for between the two; texts of one argument are
 * separated by blanks. A line that begins with `ask` asks the test for a code, or says how far the script is.
 */

import { readFileSync } from "node:fs";
import { ask, hush, newClient } from "./mtcute_network.js";

async function main(ready, dcId, phone, name, first, end, last) {
  const client = await newClient(ready, dcId);
  const heard = [];
  const isLast = new Promise((resolve) => {
    client.onNewMessage.add((message) => {
      if (message.isOutgoing) return;
      heard.push({ text: message.text, by: message.sender.username });
      if (message.text === last) resolve();
    });
  });

  try {
    await client.start({ phone, code: () => ask("code"), codeSentCallback: () => {} });
    for (const text of first.split(" ")) await client.sendText(name, text);
    await ask("sent");
    await isLast;
    for (const text of end.split(" ")) await client.sendText(name, text);
    await ask("heard");
    return { heard };
  } finally {
    await client.destroy();
    hush();
  }
}

const [readyFile, ...rest] = process.argv.slice(2);
console.log(JSON.stringify(await main(JSON.parse(readFileSync(readyFile, "utf8")), ...rest)));
