// Bills: create, read, update, delete, numbers, and request ids.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { startSimulator } from '../support/simulator.js';
import { call, quickBooks, refused } from '../support/clients.js';
import { bill, checking, expense, legalFees, payable } from '../support/books.js';

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

const bills = () => sim.stored('Bill');
const create = async (set, vendor = ana) => call(qb, 'createBill', await bill(sim, vendor, set));
const keys = ({ Id, SyncToken }) => ({ Id, SyncToken });

describe('node-quickbooks: bills', () => {
  test('creates a bill of two lines, and reads it back', async () => {
    const created = await create({
      DocNumber: 'INV-1', PrivateNote: 'from an invoice', DueDate: '2026-11-15',
      Line: [expense(1250.4), expense(99.99, legalFees, 'Notary')],
    });
    const [stored] = await bills();
    assert.deepEqual(created, stored);
    assert.deepEqual(await call(qb, 'getBill', created.Id), stored);
    assert.equal(stored.TotalAmt, 1350.39);
    assert.equal(stored.Balance, 1350.39);
    assert.deepEqual(stored.Line.map((l) => l.Amount), [1250.4, 99.99]);
    assert.deepEqual(stored.Line.map((l) => l.AccountBasedExpenseLineDetail.AccountRef.value), ['8', '9']);
    assert.deepEqual([stored.TxnDate, stored.DueDate], ['2026-10-31', '2026-11-15']);
    assert.deepEqual([stored.DocNumber, stored.PrivateNote], ['INV-1', 'from an invoice']);
    assert.equal(stored.VendorRef.value, ana.Id);
    const [vendor] = await sim.stored('Vendor');
    assert.equal(vendor.Balance, 1350.39);
  });

  test('creates a bill in a foreign currency, at the rate that was sent', async () => {
    const ben = await call(qb, 'createVendor', { DisplayName: 'Ben Koch', CurrencyRef: { value: 'EUR' } });
    await create({ CurrencyRef: { value: 'EUR' }, ExchangeRate: 1.0842, APAccountRef: await payable(sim, 'EUR') }, ben);
    const [stored] = await bills();
    assert.deepEqual([stored.CurrencyRef.value, stored.ExchangeRate, stored.TotalAmt], ['EUR', 1.0842, 1250.4]);
  });

  test('refuses an A/P account or a vendor in another currency', async () => {
    await refused(create({ APAccountRef: await payable(sim, 'EUR') }), '6000');
    await refused(create({ CurrencyRef: { value: 'EUR' }, APAccountRef: await payable(sim, 'EUR') }), '6000');
    assert.deepEqual(await bills(), []);
  });

  test('refuses a bill without lines, without a vendor, or to an inactive account', async () => {
    const fault = await refused(create({ Line: undefined }), '2020');
    assert.match(fault.Detail, /Line/);
    await refused(create({ VendorRef: undefined }), '2020');
    await refused(create({ Line: [expense(10, { value: '19' })] }), '2500');
    assert.deepEqual(await bills(), []);
  });

  test('a sparse update keeps the lines that it does not send', async () => {
    const created = await create({ PrivateNote: 'old', Line: [expense(10), expense(20)] });
    await call(qb, 'updateBill', { ...keys(created), PrivateNote: 'new' });
    const [stored] = await bills();
    assert.deepEqual([stored.SyncToken, stored.PrivateNote, stored.TotalAmt], ['1', 'new', 30]);
    assert.deepEqual(stored.Line, created.Line);
  });

  test('an update that sends lines replaces them', async () => {
    const created = await create({ Line: [expense(10), expense(20)] });
    const [first] = created.Line;
    await call(qb, 'updateBill', { ...keys(created), Line: [{ ...first, Amount: 11 }, expense(5)] });
    const [stored] = await bills();
    assert.deepEqual(stored.Line.map((l) => [l.Id, l.Amount]), [[first.Id, 11], ['3', 5]]);
    assert.deepEqual([stored.TotalAmt, stored.Balance], [16, 16]);
  });

  test('a full update clears what it leaves out', async () => {
    const created = await create({ DocNumber: 'INV-1', PrivateNote: 'old' });
    await call(qb, 'updateBill', { ...(await bill(sim, ana)), ...keys(created), sparse: false });
    const [stored] = await bills();
    assert.deepEqual([stored.DocNumber, stored.PrivateNote, stored.TotalAmt], [undefined, undefined, 1250.4]);
  });

  test('a stale SyncToken stops an update and a delete', async () => {
    const created = await create();
    await sim.control('edit', { entity: 'Bill', id: created.Id, set: { PrivateNote: 'by hand' } });
    await refused(call(qb, 'updateBill', { ...keys(created), PrivateNote: 'ours' }), '5010');
    await refused(call(qb, 'deleteBill', keys(created)), '5010');
    const [stored] = await bills();
    assert.equal(stored.PrivateNote, 'by hand');
  });

  test('deletes a bill by id, after which it is nowhere', async () => {
    const created = await create();
    const answer = await call(qb, 'deleteBill', created.Id); // the client reads it for its SyncToken first
    assert.deepEqual(answer.Bill, { status: 'Deleted', domain: 'QBO', Id: created.Id });
    const fault = await refused(call(qb, 'getBill', created.Id), '610');
    assert.match(fault.Detail, /deleted this transaction/);
    const books = await sim.books();
    assert.deepEqual(books.entities.Bill, []);
    assert.deepEqual(books.deleted.Bill, [created.Id]);
    assert.equal(books.entities.Vendor[0].Balance, 0);
  });

  test('a bill that is paid cannot be deleted until the payment is', async () => {
    const created = await create();
    const payment = await call(qb, 'createBillPayment', {
      VendorRef: { value: ana.Id },
      PayType: 'Check',
      TotalAmt: 1250.4,
      CurrencyRef: { value: 'USD' },
      CheckPayment: { BankAccountRef: checking },
      Line: [{ Amount: 1250.4, LinkedTxn: [{ TxnId: created.Id, TxnType: 'Bill' }] }],
    });
    let [stored] = await bills();
    assert.equal(stored.Balance, 0);
    assert.deepEqual(stored.LinkedTxn, [{ TxnId: payment.Id, TxnType: 'BillPaymentCheck' }]);
    await assert.rejects(call(qb, 'deleteBill', created.Id));
    assert.equal((await bills()).length, 1);

    await call(qb, 'deleteBillPayment', payment.Id);
    [stored] = await bills();
    assert.equal(stored.Balance, 1250.4);
    await call(qb, 'deleteBill', created.Id);
    assert.deepEqual(await bills(), []);
  });

  test('a bill cannot be voided', async () => {
    const created = await create();
    await refused(call(qb, 'updateBill', { ...keys(created), void: true }), '500');
    assert.deepEqual(await bills(), [created]);
  });

  test('creates, reads and deletes a vendor credit', async () => {
    const credit = await call(qb, 'createVendorCredit', await bill(sim, ana, { DocNumber: 'CR-1' }));
    assert.deepEqual(await sim.stored('VendorCredit'), [credit]);
    assert.deepEqual(await call(qb, 'getVendorCredit', credit.Id), credit);
    await call(qb, 'deleteVendorCredit', credit.Id);
    assert.deepEqual(await sim.stored('VendorCredit'), []);
  });
});

describe('node-quickbooks: bill numbers', () => {
  test('a number that comes twice passes silently where nobody turned the warning on', async () => {
    await create({ DocNumber: 'INV-1' });
    await create({ DocNumber: 'INV-1' });
    assert.deepEqual((await bills()).map((b) => b.DocNumber), ['INV-1', 'INV-1']);
  });

  test('with the warning on it is refused, for the same vendor only', async () => {
    await sim.control('preferences', { set: { warn_duplicate_bill_number: true } });
    const first = await create({ DocNumber: 'INV-1' });
    const fault = await refused(create({ DocNumber: 'INV-1' }), '6140');
    assert.ok(fault.Detail.endsWith(`DocNumber=INV-1 is assigned to TxnType=Bill with TxnId=${first.Id}`), fault.Detail);
    assert.equal((await bills()).length, 1);

    const ben = await call(qb, 'createVendor', { DisplayName: 'Ben Koch' });
    await create({ DocNumber: 'INV-1' }, ben);
    assert.deepEqual((await bills()).map((b) => b.VendorRef.value), [ana.Id, ben.Id]);
  });

  test('allowduplicatedocnum forces it through', async () => {
    await sim.control('preferences', { set: { warn_duplicate_bill_number: true } });
    await create({ DocNumber: 'INV-1' });
    await create({ DocNumber: 'INV-1', allowDuplicateDocNum: true });
    assert.deepEqual((await bills()).map((b) => b.DocNumber), ['INV-1', 'INV-1']);
  });

  test('the warning can be read in the preferences', async () => {
    await sim.control('preferences', { set: { warn_duplicate_bill_number: true } });
    const preferences = await call(qb, 'getPreferences');
    const named = Object.fromEntries(preferences.OtherPrefs.NameValue.map(({ Name, Value }) => [Name, Value]));
    assert.equal(named.WarnDuplicateBillNumber, 'true');
    assert.equal(preferences.CurrencyPrefs.MultiCurrencyEnabled, true);
    assert.deepEqual(preferences, (await sim.books()).preferences);
  });

  test('a number of 22 characters is refused, one of 21 is stored', async () => {
    const fault = await refused(create({ DocNumber: '1'.repeat(22) }), '2050');
    assert.match(fault.Detail, /Min:0 Max:21 supported. Supplied length:22/);
    await create({ DocNumber: '1'.repeat(21) });
    assert.deepEqual((await bills()).map((b) => b.DocNumber), ['1'.repeat(21)]);
  });
});

describe('node-quickbooks: request ids', () => {
  test('the same request id gets the first answer, and nothing is written twice', async () => {
    const first = await create({ requestId: 'tie-1' });
    const second = await create({ requestId: 'tie-1' });
    assert.deepEqual(second, first);
    assert.deepEqual(await bills(), [first]);
    assert.equal((await sim.stats()).replayed, 1);
  });

  test('without one, the same body is written twice', async () => {
    await create();
    await create();
    assert.equal((await bills()).length, 2);
  });

  test('an answer that was lost after the bill was written is found again', async () => {
    await sim.control('next', { troubles: [{ kind: 'lose_after', on: 'write' }] });
    await assert.rejects(create({ requestId: 'tie-1' }), (err) => err.response === undefined);
    assert.equal((await bills()).length, 1);
    const retried = await create({ requestId: 'tie-1' });
    assert.deepEqual(await bills(), [retried]);
  });

  test('a delete with its request id can be sent twice', async () => {
    const created = await create();
    const order = () => ({ ...keys(created), requestId: 'tie-del' });
    assert.deepEqual(await call(qb, 'deleteBill', order()).then((a) => a.Bill), await call(qb, 'deleteBill', order()).then((a) => a.Bill));
    await refused(call(qb, 'deleteBill', keys(created)), '610');
    assert.deepEqual((await sim.books()).deleted.Bill, [created.Id]);
  });

  test('one of 51 characters is refused, one of 50 is taken', async () => {
    await refused(create({ requestId: 'x'.repeat(51) }), '2130');
    await create({ requestId: 'x'.repeat(50) });
    assert.equal((await bills()).length, 1);
  });
});
