// Change data capture, uploads, throttles and a gateway's page.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, beforeEach, describe, test } from 'node:test';
import { startSimulator } from '../support/simulator.js';
import { call, connectedOAuthClient, quickBooks, refused } from '../support/clients.js';
import { bill } from '../support/books.js';

let sim;
let qb;
let ana;
before(async () => { sim = await startSimulator(); });
after(() => sim?.stop());
beforeEach(async () => {
  await sim.fresh();
  qb = await quickBooks(sim);
  ana = await call(qb, 'createVendor', { DisplayName: 'Ana Prado' });
});

/** The simulator's clock, in UTC: the client does not encode the + of an offset. */
async function now() {
  return new Date((await sim.books()).now).toISOString();
}

const createBill = async (set) => call(qb, 'createBill', await bill(sim, ana, set));

/** One entity's part of a CDC answer. */
function changed(answer, entity) {
  const parts = answer.CDCResponse[0].QueryResponse;
  return parts.find((part) => part[entity])?.[entity] ?? [];
}

describe('node-quickbooks: change data capture', () => {
  test('tells what was created, changed and deleted since, deleted ones last', async () => {
    await createBill({ DocNumber: 'BEFORE' });
    const touched = await createBill({ DocNumber: 'TOUCHED' });
    const doomed = await createBill({ DocNumber: 'DOOMED' });
    await sim.control('clock', { advance: '10m' });
    const since = await now();
    await sim.control('clock', { advance: '10m' });
    await call(qb, 'deleteBill', doomed.Id);
    await sim.control('edit', { entity: 'Bill', id: touched.Id, set: { PrivateNote: 'by hand' } });
    await createBill({ DocNumber: 'AFTER' });

    const answer = await call(qb, 'changeDataCapture', ['Bill', 'Vendor'], since);
    const books = await sim.books();
    const rows = changed(answer, 'Bill');
    assert.deepEqual(rows.slice(0, -1), books.entities.Bill.filter((b) => b.DocNumber !== 'BEFORE'));
    const tombstone = rows.at(-1);
    assert.deepEqual(
      { ...tombstone, MetaData: Object.keys(tombstone.MetaData) },
      { status: 'Deleted', domain: 'QBO', Id: doomed.Id, MetaData: ['LastUpdatedTime'] },
    );
    assert.deepEqual(books.deleted.Bill, [doomed.Id]);
    assert.deepEqual(changed(answer, 'Vendor'), []);
  });

  test('a merge by the bookkeeper shows as changed bills and a vendor that is gone', async () => {
    const ben = await call(qb, 'createVendor', { DisplayName: 'Ben Koch' });
    await createBill({ DocNumber: 'INV-1' });
    await sim.control('clock', { advance: '10m' });
    const since = await now();
    await sim.control('clock', { advance: '10m' });
    await sim.control('merge', { entity: 'Vendor', id: ana.Id, into: ben.Id });
    const answer = await call(qb, 'changeDataCapture', 'Vendor,Bill', since);
    assert.deepEqual(changed(answer, 'Vendor').map((v) => [v.Id, v.status]), [[ana.Id, 'Deleted']]);
    const [moved] = await sim.stored('Bill');
    assert.equal(moved.VendorRef.value, ben.Id);
    assert.deepEqual(changed(answer, 'Bill'), [moved]);
  });

  test('nothing changed is an empty object', async () => {
    await sim.control('clock', { advance: '10m' });
    const answer = await call(qb, 'changeDataCapture', ['Bill'], await now());
    assert.deepEqual(answer.CDCResponse[0].QueryResponse, [{}]);
  });

  test('changes older than thirty days cannot be asked for', async () => {
    const since = await now();
    await sim.control('clock', { advance: '721h' });
    qb = await quickBooks(sim);
    await assert.rejects(call(qb, 'changeDataCapture', ['Bill'], since), (err) => err.response.status === 400);
  });
});

const pdf = Buffer.from(`%PDF-1.4\n${'invoice '.repeat(2000)}\n%%EOF\n`);
// The address of the bytes is made anew for each answer.
const lasting = ({ TempDownloadUri, ...rest }) => (assert.match(TempDownloadUri, /^http/), rest);
const sha256 = (content) => createHash('sha256').update(content).digest('hex');

describe('uploads', () => {
  test('node-quickbooks uploads a PDF and attaches it to a bill', async () => {
    const created = await createBill();
    const attached = await call(qb, 'upload', 'INV-1.pdf', 'application/pdf', pdf, 'Bill', created.Id);
    const [stored] = await sim.stored('Attachable');
    assert.deepEqual(lasting(attached), stored);
    assert.deepEqual([stored.FileName, stored.ContentType, stored.Size], ['INV-1.pdf', 'application/pdf', pdf.length]);
    assert.equal(stored.Sha256, sha256(pdf));
    assert.deepEqual(stored.AttachableRef.map((r) => r.EntityRef), [{ type: 'Bill', value: created.Id }]);
  });

  test('node-quickbooks uploads a file that belongs to nothing', async () => {
    await call(qb, 'upload', 'INV-1.pdf', 'application/pdf', pdf);
    const [stored] = await sim.stored('Attachable');
    assert.deepEqual([stored.FileName, stored.AttachableRef, stored.SyncToken], ['INV-1.pdf', undefined, '0']);
  });

  test('node-quickbooks leaves the file behind when its second call, the link, is refused', async () => {
    await refused(call(qb, 'upload', 'INV-1.pdf', 'application/pdf', pdf, 'Bill', '99999'), '610');
    const [stored] = await sim.stored('Attachable');
    assert.equal(stored.AttachableRef, undefined);
  });

  test('node-quickbooks gets the fault of a file type that is not taken, on status 200', async () => {
    const err = await call(qb, 'upload', 'INV-1.exe', 'application/octet-stream', pdf).catch((reason) => reason);
    assert.equal(err.Fault.Error[0].code, '6041');
    assert.deepEqual(await sim.stored('Attachable'), []);
  });

  test('intuit-oauth uploads and links in one call', async () => {
    const created = await createBill();
    const client = await connectedOAuthClient(sim);
    const form = new FormData();
    const metadata = {
      FileName: 'INV-1.pdf',
      ContentType: 'application/pdf',
      AttachableRef: [{ EntityRef: { type: 'Bill', value: created.Id } }],
    };
    form.append('file_metadata_01', new Blob([JSON.stringify(metadata)], { type: 'application/json' }), 'metadata.json');
    form.append('file_content_01', new Blob([pdf], { type: 'application/pdf' }), 'INV-1.pdf');
    const answer = await client.makeApiCall({
      url: `v3/company/${sim.realm}/upload`, method: 'POST', headers: { 'Content-Type': 'multipart/form-data' }, body: form,
    });
    const [stored] = await sim.stored('Attachable');
    assert.deepEqual(lasting(answer.json.AttachableResponse[0].Attachable), stored);
    assert.deepEqual([stored.SyncToken, stored.Sha256], ['0', sha256(pdf)]);
    assert.deepEqual(stored.AttachableRef[0].EntityRef, { type: 'Bill', value: created.Id });
  });
});

describe('refusals of the gateway', () => {
  test('calls beyond ten in a second are throttled, and write nothing', async () => {
    await sim.control('limits', { limits: {} });
    // So many that some are too many even where a busy machine spreads them over seconds.
    const sent = await Promise.allSettled(
      Array.from({ length: 60 }, (_, i) => call(qb, 'createVendor', { DisplayName: `Item ${i}` })),
    );
    const throttled = sent.filter((s) => s.status === 'rejected');
    assert.ok(throttled.length > 0);
    assert.ok(throttled.length <= 51, `${throttled.length} of 60 throttled`);
    for (const { reason } of throttled) {
      assert.equal(reason.response.status, 429);
      const { Fault: fault } = reason.response.data;
      assert.equal(fault.type, 'SERVICE');
      assert.equal(fault.Error[0].code, '3001');
      assert.match(fault.Error[0].Message, /^message=ThrottleExceeded; errorCode=003001; statusCode=429$/);
    }
    assert.equal((await sim.stored('Vendor')).length, 1 + 60 - throttled.length);
    assert.equal((await sim.stats()).throttled, throttled.length);
  });

  test('intuit-oauth knows the 429 too', async () => {
    const client = await connectedOAuthClient(sim);
    await sim.control('next', { troubles: [{ kind: 'throttle', on: 'read' }] });
    const read = () => client.makeApiCall({ url: `v3/company/${sim.realm}/vendor/${ana.Id}` });
    await assert.rejects(read(), { code: 'RATE_LIMIT_EXCEEDED' });
    assert.deepEqual((await read()).json.Vendor, (await sim.stored('Vendor'))[0]);
  });

  test('a fault on status 200 is an error, and nothing is written', async () => {
    await sim.control('next', { troubles: [{ kind: 'fault_on_200', on: 'write', code: '6190' }] });
    const err = await createBill().catch((reason) => reason);
    assert.equal(err.Fault.Error[0].code, '6190');
    assert.deepEqual(await sim.stored('Bill'), []);
  });

  test('intuit-oauth takes a fault on status 200 for an answer: its caller has to look', async () => {
    const client = await connectedOAuthClient(sim);
    await sim.control('next', { troubles: [{ kind: 'fault_on_200', on: 'write', code: '6190' }] });
    const answer = await client.makeApiCall({
      url: `v3/company/${sim.realm}/vendor`, method: 'POST', body: { DisplayName: 'Ben Koch' },
    });
    assert.equal(answer.json.Fault.Error[0].code, '6190');
    assert.equal((await sim.stored('Vendor')).length, 1);
  });

  test('an HTML page in front is an error, and nothing is written', async () => {
    await sim.control('next', { troubles: [{ kind: 'html_page', on: 'write' }] });
    const err = await createBill().catch((reason) => reason);
    assert.equal(err.response.status, 502);
    assert.match(err.response.headers['content-type'], /^text\/html/);
    assert.deepEqual(await sim.stored('Bill'), []);
  });

  test('a lapsed subscription refuses writes and lets reads through', async () => {
    await sim.control('refuse', { code: '6190', writes: true });
    await refused(createBill(), '6190');
    assert.deepEqual(await call(qb, 'getVendor', ana.Id), (await sim.stored('Vendor'))[0]);
    await sim.control('refuse', { code: '' });
    await createBill();
    assert.equal((await sim.stored('Bill')).length, 1);
  });

  test('a bill in a closed period is refused', async () => {
    await sim.control('preferences', { set: { book_close_date: '2026-10-31' } });
    await refused(createBill(), '6210');
    await createBill({ TxnDate: '2026-11-01' });
    assert.deepEqual((await sim.stored('Bill')).map((b) => b.TxnDate), ['2026-11-01']);
  });
});
