// certlogic-js, the reference implementation of CertLogic: every rule over every content; true is kept.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const { evaluate } = createRequire(`${process.cwd()}/`)("certlogic-js");
const question = JSON.parse(readFileSync(0, "utf8"));

function judge(payload) {
  return question.rules.map((logic) => {
    try {
      return evaluate(logic, { payload, external: question.external }) === true;
    } catch {
      return false;
    }
  });
}

for (const payload of question.payloads.slice(0, 50)) judge(payload); // what is compiled with the first use
const accepted = [];
const microseconds = [];
for (const payload of Array(5).fill(question.payloads).flat()) {
  const begun = process.hrtime.bigint();
  accepted.push(judge(payload));
  microseconds.push(Number(process.hrtime.bigint() - begun) / 1000);
}
process.stdout.write(JSON.stringify({ accepted, microseconds }));
