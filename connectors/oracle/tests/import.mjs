// An unmodified client of Oracle Fusion imports a journal: node import.mjs MODULES POD USER PASSWORD < journal.json
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const [modules, baseUrl, username, password] = process.argv.slice(2);
const fusion = createRequire(`${modules}/`)('@rytass/erp-oracle-fusion');
const { rows, ledgerId, source, groupId } = JSON.parse(readFileSync(0, 'utf8'));

const client = new fusion.FusionRestClient({ baseUrl, auth: { type: 'basic', username, password } });
const fbdi = new fusion.FusionFbdiService(client);
const parameters = fusion.buildJournalImportParameterList({ journalSource: source, ledgerId, groupId });
const { requestId } = await fbdi.import(fusion.GL_JOURNAL_TEMPLATE, [fusion.buildGlJournalContent(rows)], parameters, {
  jobOptions: fusion.FUSION_EXTRACT_ALL_FILES,
});
const status = await fbdi.waitForEss(requestId, { intervalMs: 50, timeoutMs: 20_000 });
const log = await fbdi.downloadEssLogText(requestId);
const batches = await client.getAll(
  fusion.withFusionQuery(fusion.FUSION_RESOURCES.JOURNAL_BATCHES, { q: `BatchName LIKE '${rows[0].REFERENCE1}%'` }),
);
process.stdout.write(JSON.stringify({ status, log, batches }));
