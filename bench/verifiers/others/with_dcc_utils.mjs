// dcc-utils of the Italian ministry: parses, and verifies with the certificate that we find for it.
import { createRequire } from "node:module";
import { answer } from "./timing.mjs";

const { DCC } = createRequire(`${process.cwd()}/`)("dcc-utils");

await answer((signers) => {
  const pem = Object.fromEntries(
    signers.map(({ kid, certificate }) => [
      kid,
      `-----BEGIN CERTIFICATE-----\n${certificate.match(/.{1,64}/g).join("\n")}\n-----END CERTIFICATE-----\n`,
    ]),
  );
  return async (text) => {
    const dcc = await DCC.fromRaw(text);
    return dcc.checkSignatureWithCertificate(pem[dcc.kid]);
  };
});
