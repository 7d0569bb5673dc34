// Batches: independent items, faults inside, the limit of thirty, request ids.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { startSimulator } from '../support/simulator.js';
import { call, connectedOAuthClient, quickBooks, refused } from '../support/clients.js';
import { bill } from '../support/books.js';

let sim;
let qb;
before(async () => { sim = await startSimulator(); });
after(() => sim?.stop());
beforeEach(async () => {
  await sim.fresh();
  qb = await quickBooks(sim);
});

const vendorItem = (bId, name) => ({ bId, operation: 'create', Vendor: { DisplayName: name } });
const vendorNames = async () => (await sim.stored('Vendor')).map((v) => v.DisplayName).sort();

/** Sends a batch and returns its answers by bId: their order means nothing. */
async function batch(items) {
  const { BatchItemResponse: answers } = await call(qb, 'batch', items);
  assert.equal(answers.length, items.length);
  return Object.fromEntries(answers.map(({ bId, ...answer }) => [bId, answer]));
}

describe('node-quickbooks: batches', () => {
  test('a fault inside stops its own item only, and is matched by bId', async () => {
    const taken = await call(qb, 'createVendor', { DisplayName: 'Item 3' });
    const items = Array.from({ length: 8 }, (_, i) => vendorItem(`v${i}`, `Item ${i}`));
    const answers = await batch(items);
    const stored = await sim.stored('Vendor');
    for (let i = 0; i < 8; i += 1) {
      const { Vendor: vendor, Fault: fault } = answers[`v${i}`];
      if (i === 3) {
        assert.equal(fault.type, 'ValidationFault');
        assert.equal(fault.Error[0].code, '6240');
        assert.equal(fault.Error[0].Detail, `The name supplied already exists. : Id=${taken.Id}`);
        continue;
      }
      assert.equal(vendor.DisplayName, `Item ${i}`);
      assert.deepEqual(vendor, stored.find((v) => v.Id === vendor.Id));
    }
    assert.equal(stored.length, 8);
  });

  test('answers come in an order of their own', async () => {
    const items = Array.from({ length: 30 }, (_, i) => vendorItem(`v${i}`, `Item ${i}`));
    const { BatchItemResponse: answers } = await call(qb, 'batch', items);
    const sent = items.map((item) => item.bId);
    const answered = answers.map((answer) => answer.bId);
    assert.notDeepEqual(answered, sent);
    assert.deepEqual([...answered].sort(), [...sent].sort());
    assert.equal((await vendorNames()).length, 30);
  });

  test('thirty-one items are refused whole', async () => {
    const items = Array.from({ length: 31 }, (_, i) => vendorItem(`v${i}`, `Item ${i}`));
    const fault = await refused(call(qb, 'batch', items), '1040');
    assert.match(fault.Message, /^Batch size exceeds allowed limit/);
    assert.deepEqual(await vendorNames(), []);
    await batch(items.slice(0, 30));
    assert.equal((await vendorNames()).length, 30);
  });

  test('creates, updates, deletes and queries in one', async () => {
    const ana = await call(qb, 'createVendor', { DisplayName: 'Ana Prado' });
    const old = await call(qb, 'createBill', await bill(sim, ana, { DocNumber: 'OLD' }));
    const kept = await call(qb, 'createBill', await bill(sim, ana, { DocNumber: 'KEPT' }));
    const answers = await batch([
      { bId: 'new', operation: 'create', Bill: await bill(sim, ana, { DocNumber: 'NEW' }) },
      { bId: 'change', operation: 'update', Bill: { Id: kept.Id, SyncToken: kept.SyncToken, sparse: true, PrivateNote: 'seen' } },
      { bId: 'gone', operation: 'delete', Bill: { Id: old.Id, SyncToken: old.SyncToken } },
      { bId: 'look', Query: "select * from Vendor where DisplayName = 'Ana Prado'" },
      { bId: 'wrong', operation: 'update', Bill: { Id: kept.Id, SyncToken: '7', sparse: true, PrivateNote: 'never' } },
    ]);
    assert.equal(answers.wrong.Fault.Error[0].code, '5010');
    assert.deepEqual(answers.gone.Bill, { status: 'Deleted', domain: 'QBO', Id: old.Id });
    assert.equal(answers.look.QueryResponse.Vendor[0].Id, ana.Id);
    const books = await sim.books();
    assert.deepEqual(books.deleted.Bill, [old.Id]);
    assert.deepEqual(books.entities.Bill, [answers.change.Bill, answers.new.Bill]);
    assert.equal(books.entities.Bill[0].PrivateNote, 'seen');
  });

  test('items cannot see one another', async () => {
    const answers = await batch([vendorItem('v1', 'Ana Prado'), { bId: 'q', Query: 'select count(*) from Vendor' }]);
    assert.deepEqual(answers.q.QueryResponse, { totalCount: 0 });
    assert.deepEqual(await vendorNames(), ['Ana Prado']);
  });

  test('a duplicate number faults inside a batch, unless its item allows it', async () => {
    await sim.control('preferences', { set: { warn_duplicate_bill_number: true } });
    const ana = await call(qb, 'createVendor', { DisplayName: 'Ana Prado' });
    const first = await call(qb, 'createBill', await bill(sim, ana, { DocNumber: 'INV-1' }));
    const again = { operation: 'create', Bill: await bill(sim, ana, { DocNumber: 'INV-1' }) };
    const answers = await batch([
      { bId: 'plain', ...again },
      { bId: 'forced', ...again, optionsData: 'allowduplicatedocnum' },
    ]);
    assert.equal(answers.plain.Fault.Error[0].code, '6140');
    assert.deepEqual(await sim.stored('Bill'), [first, answers.forced.Bill]);
  });

  test('a bill cannot be voided in a batch', async () => {
    const ana = await call(qb, 'createVendor', { DisplayName: 'Ana Prado' });
    const created = await call(qb, 'createBill', await bill(sim, ana));
    const answers = await batch([
      { bId: 'v', operation: 'update', optionsData: 'void', Bill: { Id: created.Id, SyncToken: created.SyncToken, sparse: true } },
    ]);
    assert.equal(answers.v.Fault.Error[0].code, '500');
    assert.deepEqual(await sim.stored('Bill'), [created]);
  });
});

describe('intuit-oauth: batches with a request id', () => {
  const send = (client, requestid, items) => client.makeApiCall({
    url: `v3/company/${sim.realm}/batch`, method: 'POST', params: { requestid, minorversion: 75 }, body: { BatchItemRequest: items },
  });
  const byBatchId = (answer) => Object.fromEntries(answer.json.BatchItemResponse.map((a) => [a.bId, a]));

  test('a batch that is sent again writes nothing twice, and a failed item is tried afresh', async () => {
    const client = await connectedOAuthClient(sim);
    const blocker = await call(qb, 'createVendor', { DisplayName: 'Ben Koch' });
    const items = [vendorItem('v1', 'Ana Prado'), vendorItem('v2', 'Ben Koch')];
    const first = byBatchId(await send(client, 'tie-batch', items));
    assert.equal(first.v2.Fault.Error[0].code, '6240');

    await sim.control('edit', { entity: 'Vendor', id: blocker.Id, set: { DisplayName: 'Benedikt Koch' } });
    const second = byBatchId(await send(client, 'tie-batch', items));
    assert.deepEqual(second.v1, first.v1);
    assert.equal(second.v2.Vendor.DisplayName, 'Ben Koch');
    assert.deepEqual(await vendorNames(), ['Ana Prado', 'Ben Koch', 'Benedikt Koch']);
    assert.equal((await sim.stats()).replayed, 1);
  });

  test('an answer that was lost after the batch was written is found again', async () => {
    const client = await connectedOAuthClient(sim);
    const items = Array.from({ length: 30 }, (_, i) => vendorItem(`v${i}`, `Item ${i}`));
    await sim.control('next', { troubles: [{ kind: 'lose_after', on: 'batch' }] });
    await assert.rejects(send(client, 'tie-lost', items), { code: 'NETWORK_ERROR' });
    const before = await sim.stored('Vendor');
    assert.equal(before.length, 30);
    const answers = byBatchId(await send(client, 'tie-lost', items));
    assert.deepEqual(await sim.stored('Vendor'), before);
    for (const vendor of before) {
      assert.deepEqual(answers[`v${vendor.DisplayName.slice(5)}`].Vendor, vendor);
    }
  });

  test('a request id and bId of more than 50 characters together fault every item', async () => {
    const client = await connectedOAuthClient(sim);
    const items = [vendorItem('v1', 'Ana Prado'), vendorItem('v2', 'Ben Koch')];
    const answers = byBatchId(await send(client, 'x'.repeat(49), items));
    for (const { Fault: fault } of Object.values(answers)) {
      assert.equal(fault.Error[0].code, '6000');
      assert.match(fault.Error[0].Detail, /more than 50 characters in the request_id field/);
    }
    assert.deepEqual(await vendorNames(), []);
    await send(client, 'x'.repeat(48), items);
    assert.deepEqual(await vendorNames(), ['Ana Prado', 'Ben Koch']);
  });
});
