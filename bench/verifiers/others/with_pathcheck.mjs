// @pathcheck/dcc-sdk: unpacks and verifies against the keys that it was told.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { answer } from "./timing.mjs";

const main = createRequire(`${process.cwd()}/`).resolve("@pathcheck/dcc-sdk");
const sdk = await import(pathToFileURL(main));

await answer((signers) => {
  sdk.addCachedCerts(Object.fromEntries(signers.map(({ kid, certificate }) => [kid, certificate])));
  return async (text) => (await sdk.unpackAndVerify(text)).status === "verified";
});
