// The query language, with both clients: paging, escaping, counting, limits.

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

/** Stores n bills on a day, thirty to a batch, numbered from a prefix. */
async function storeBills(vendor, day, n, prefix) {
  const template = await bill(sim, vendor, { TxnDate: day });
  for (let from = 0; from < n; from += 30) {
    const items = Array.from({ length: Math.min(30, n - from) }, (_, i) => ({
      bId: `b${i}`,
      operation: 'create',
      Bill: { ...template, DocNumber: `${prefix}${from + i}` },
    }));
    const { BatchItemResponse: answers } = await call(qb, 'batch', items);
    assert.ok(answers.every((a) => a.Bill), JSON.stringify(answers.find((a) => a.Fault)));
  }
}

const queries = async () => (await sim.stats()).requests.query ?? 0;

describe('node-quickbooks: paging', () => {
  test('fetchAll brings 2,050 bills in pages of 1,000, each once', async () => {
    const ana = await call(qb, 'createVendor', { DisplayName: 'Ana Prado' });
    await storeBills(ana, '2026-09-30', 1000, 'S');
    await storeBills(ana, '2026-10-31', 1050, 'O');
    const stored = await sim.stored('Bill');
    assert.equal(stored.length, 2050);

    const all = await call(qb, 'findBills', { fetchAll: true, asc: 'Id' });
    assert.equal(all.QueryResponse.maxResults, 2050);
    assert.deepEqual(all.QueryResponse.Bill, stored);
    assert.equal(await queries(), 3);

    // A last page that is full can only be known by the empty one behind it.
    const exact = await call(qb, 'findBills', { fetchAll: true, asc: 'Id', TxnDate: '2026-09-30' });
    assert.deepEqual(exact.QueryResponse.Bill, stored.slice(0, 1000));
    assert.equal(await queries(), 5);

    const counted = await call(qb, 'findBills', { count: true });
    assert.deepEqual(counted.QueryResponse, { totalCount: 2050 });
    const some = await call(qb, 'findBills', [
      { field: 'TxnDate', value: '2026-10-01', operator: '>=' },
      { field: 'DocNumber', value: 'O10%', operator: 'LIKE' },
      { count: true },
    ]);
    const matching = stored.filter((b) => b.DocNumber.startsWith('O10'));
    assert.deepEqual(some.QueryResponse, { totalCount: matching.length });
  });

  test('limit and offset cut a page out, in the order asked for', async () => {
    const ana = await call(qb, 'createVendor', { DisplayName: 'Ana Prado' });
    await storeBills(ana, '2026-10-31', 10, 'N');
    const page = await call(qb, 'findBills', { limit: 3, offset: 4, desc: 'DocNumber' });
    assert.deepEqual(page.QueryResponse.Bill.map((b) => b.DocNumber), ['N6', 'N5', 'N4']);
    assert.deepEqual([page.QueryResponse.startPosition, page.QueryResponse.maxResults], [4, 3]);
  });

  test('an empty page has no entity', async () => {
    const none = await call(qb, 'findBills', { DocNumber: 'nothing' });
    assert.deepEqual(none.QueryResponse, {});
  });

  test('a page above 1,000 is refused', async () => {
    await refused(call(qb, 'findBills', { limit: 1001 }), '4001');
  });

  test('the duplicate of a bill is found by vendor and number', async () => {
    const ana = await call(qb, 'createVendor', { DisplayName: 'Ana Prado' });
    const ben = await call(qb, 'createVendor', { DisplayName: 'Ben Koch' });
    await storeBills(ana, '2026-10-31', 3, 'INV-');
    await storeBills(ben, '2026-10-31', 3, 'INV-');
    const found = await call(qb, 'findBills', { VendorRef: ben.Id, DocNumber: 'INV-1' });
    const expected = (await sim.stored('Bill')).filter((b) => b.VendorRef.value === ben.Id && b.DocNumber === 'INV-1');
    assert.equal(expected.length, 1);
    assert.deepEqual(found.QueryResponse.Bill, expected);
  });

  test('several ids are found with IN', async () => {
    const ids = [];
    for (const name of ['Ana', 'Ben', 'Chi']) ids.push((await call(qb, 'createVendor', { DisplayName: name })).Id);
    const found = await call(qb, 'findVendors', { Id: [ids[0], ids[2]] });
    assert.deepEqual(found.QueryResponse.Vendor.map((v) => v.DisplayName), ['Ana', 'Chi']);
  });

  test('accounts, classes, locations and terms are listed without the inactive ones', async () => {
    for (const [method, entity] of [
      ['findAccounts', 'Account'], ['findClasses', 'Class'], ['findDepartments', 'Department'], ['findTerms', 'Term'],
    ]) {
      const active = (await sim.stored(entity)).filter((record) => record.Active);
      assert.ok(active.length > 0, entity);
      assert.deepEqual((await call(qb, method, { asc: 'Id' })).QueryResponse[entity], active);
    }
  });

  test('what cannot be filtered on is refused', async () => {
    await refused(call(qb, 'findBills', { PrivateNote: 'x' }), '4001');
    await refused(call(qb, 'findVendors', { AcctNum: 'W-77' }), '4001');
    await refused(call(qb, 'findBills', " where DocNumber = 'A' or DocNumber = 'B'"), '4000');
  });
});

const names = [
  "Seán O'Brien", 'Smith & Sons', 'Studio #1', '100% Remote', 'A+B Design', 'Back\\slash Ltd',
  "D'Arcy & Co. #7 100% + \\ = <x>", 'Núñez São', 'Who? Me; yes/no, "quoted"', 'select * from Bill',
];

describe('names with signs in them', () => {
  beforeEach(async () => {
    for (const name of names) await call(qb, 'createVendor', { DisplayName: name });
  });

  test('are stored as they were sent', async () => {
    assert.deepEqual((await sim.stored('Vendor')).map((v) => v.DisplayName), names);
  });

  for (const [i, name] of names.entries()) {
    test(`node-quickbooks finds ${name}`, async () => {
      const found = await call(qb, 'findVendors', { DisplayName: name });
      assert.deepEqual(found.QueryResponse.Vendor, [(await sim.stored('Vendor'))[i]]);
    });

    test(`intuit-oauth finds ${name}`, async () => {
      const client = await connectedOAuthClient(sim);
      const quoted = name.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
      const query = `select * from Vendor where DisplayName = '${quoted}'`;
      const url = `v3/company/${sim.realm}/query`;
      const expected = [(await sim.stored('Vendor'))[i]];
      const got = await client.makeApiCall({ url, params: { query, minorversion: 75 } });
      assert.deepEqual(got.json.QueryResponse.Vendor, expected);
      const posted = await client.makeApiCall({
        url, method: 'POST', headers: { 'Content-Type': 'application/text' }, body: query,
      });
      assert.deepEqual(posted.json.QueryResponse.Vendor, expected);
    });
  }

  test('node-quickbooks cannot ask for a name that ends in a backslash', async () => {
    const { Id } = await call(qb, 'createVendor', { DisplayName: 'Koch\\' });
    await refused(call(qb, 'findVendors', { DisplayName: 'Koch\\' }), '4000'); // it escapes quotes only
    const found = await call(qb, 'findVendors', { DisplayName: 'Koch\\\\' }); // unless its caller escapes
    assert.deepEqual(found.QueryResponse.Vendor, (await sim.stored('Vendor')).filter((v) => v.Id === Id));
  });

  test('compare without case', async () => {
    const found = await call(qb, 'findVendors', { DisplayName: "SEÁN O'BRIEN" });
    assert.deepEqual(found.QueryResponse.Vendor.map((v) => v.DisplayName), ["Seán O'Brien"]);
  });

  test('match a pattern', async () => {
    const found = await call(qb, 'findVendors', [{ field: 'DisplayName', value: '%&%', operator: 'LIKE' }]);
    assert.deepEqual(found.QueryResponse.Vendor.map((v) => v.DisplayName), names.filter((n) => n.includes('&')));
  });
});

describe('intuit-oauth: statements of its own', () => {
  test('STARTPOSITION 0 and a broken statement are refused with their codes', async () => {
    const client = await connectedOAuthClient(sim);
    const run = (query) => client.makeApiCall({ url: `v3/company/${sim.realm}/query`, params: { query } });
    await assert.rejects(run('select * from Vendor startposition 0'), (err) => {
      assert.equal(err.code, '4001');
      assert.match(err.description, /value 0 is too small. Min allowed value is 1/);
      assert.match(err.intuitTid, /^1-/);
      return true;
    });
    await assert.rejects(run("select * from Vendor where DisplayName = 'O'Brien'"), { code: '4000' });
    await assert.rejects(run('select DisplayName from Vendor'), { code: '4000' });
  });
});
