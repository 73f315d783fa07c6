// An unmodified SOAP client of Node posts one entry: node post.mjs MODULES WSDL ADDRESS USER PASSWORD 11|12 < entry.json
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [modules, wsdl, address, user, password, version] = process.argv.slice(2);
const soap = createRequire(`${modules}/`)("soap");
const client = await soap.createClientAsync(wsdl, { endpoint: address, forceSoap12Headers: version === "12" });
client.setSecurity(new soap.BasicAuthSecurity(user, password));
const [told] = await client.JournalEntryCreateRequestConfirmation_InAsync(JSON.parse(readFileSync(0, "utf-8")));
process.stdout.write(JSON.stringify(told));
