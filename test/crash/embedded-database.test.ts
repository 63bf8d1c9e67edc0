import assert from 'node:assert/strict';
import { test } from 'node:test';
import { awaitQuiet } from '../support/checker/await-quiet.ts';
import { checkAll } from '../support/checker/check-all.ts';
import { Ledger } from '../support/checker/ledger.ts';
import { describeViolations } from '../support/checker/violation.ts';
import { Client } from '../support/client.ts';
import { createBody, putCatalogue } from '../support/load.ts';
import { startService } from '../support/service.ts';

test('a service killed with its embedded database running finds all it acknowledged', async () => {
  const service = await startService();
  const ledger = new Ledger();
  const client = new Client({ url: service.url, key: service.key, ledger });
  try {
    await putCatalogue(client, { resources: 2 });
    const bodies = Array.from({ length: 40 }, (_, index) => createBody({ hour: index }));
    const posted = await Promise.all(bodies.map((body) => client.create(body)));
    await service.kill('SIGKILL');
    await service.restart();
    const again = await Promise.all(bodies.map((body) => client.create(body, { wait: 10 })));
    for (const [index, answer] of again.entries()) {
      assert.equal(answer.status, 200, JSON.stringify(answer));
      assert.equal(answer.body['id'], posted[index]?.body['id']);
    }
    const databaseUrl = await service.databaseUrl();
    await awaitQuiet(databaseUrl);
    const violations = await checkAll({ databaseUrl, ledger });
    assert.ok(violations.length === 0, describeViolations(violations));
  } finally {
    client.close();
    await service.close();
  }
});
