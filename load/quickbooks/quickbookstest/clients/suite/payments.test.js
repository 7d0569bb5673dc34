// Payments of bills, transfers between accounts, and attachments that are found
// by what they belong to.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { startSimulator } from '../support/simulator.js';
import { call, quickBooks, refused } from '../support/clients.js';
import { bill, checking, payable } from '../support/books.js';

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

const wallet = { value: '3' };
const keys = ({ Id, SyncToken }) => ({ Id, SyncToken });
const createBill = async (vendor = ana, set = {}) => call(qb, 'createBill', await bill(sim, vendor, set));

/** A payment of an amount of a bill, out of the wallet. */
const payment = (owed, amount, set = {}) => ({
  VendorRef: owed.VendorRef,
  PayType: 'Check',
  TotalAmt: amount,
  TxnDate: '2026-11-01',
  CurrencyRef: owed.CurrencyRef,
  CheckPayment: { BankAccountRef: wallet },
  Line: [{ Amount: amount, LinkedTxn: [{ TxnId: owed.Id, TxnType: 'Bill' }] }],
  ...set,
});

describe('node-quickbooks: payments of bills', () => {
  test('pays part of a bill, reads the payment back and finds it', async () => {
    const owed = await createBill();
    const paid = await call(qb, 'createBillPayment', payment(owed, 1000.15, { PrivateNote: 'wallet' }));
    const [stored] = await sim.stored('BillPayment');
    assert.deepEqual(paid, stored);
    assert.deepEqual(await call(qb, 'getBillPayment', paid.Id), stored);
    const found = await call(qb, 'findBillPayments', { VendorRef: ana.Id, TxnDate: '2026-11-01' });
    assert.deepEqual(found.QueryResponse.BillPayment, [stored]);
    const [after] = await sim.stored('Bill');
    assert.equal(after.Balance, 250.25);
    assert.deepEqual(after.LinkedTxn, [{ TxnId: paid.Id, TxnType: 'BillPaymentCheck' }]);
    await refused(call(qb, 'createBillPayment', payment(owed, 250.26)), '6000');
  });

  test('pays a bill in euros out of a dollar account, at the rate that was sent', async () => {
    const ben = await call(qb, 'createVendor', { DisplayName: 'Ben Koch', CurrencyRef: { value: 'EUR' } });
    const owed = await createBill(ben, { CurrencyRef: { value: 'EUR' }, ExchangeRate: 1.08, APAccountRef: await payable(sim, 'EUR') });
    await call(qb, 'createBillPayment', payment(owed, 1250.4, { ExchangeRate: 1.0911 }));
    const [stored] = await sim.stored('BillPayment');
    assert.deepEqual([stored.CurrencyRef.value, stored.ExchangeRate], ['EUR', 1.0911]);
    assert.equal((await sim.stored('Bill'))[0].Balance, 0);
    await refused(call(qb, 'createBillPayment', payment(owed, 1, { CurrencyRef: { value: 'USD' } })), '6000');
  });

  test('voids a payment, which gives the balance back and stays', async () => {
    const owed = await createBill();
    const paid = await call(qb, 'createBillPayment', payment(owed, 1250.4, { PrivateNote: 'wallet' }));
    const voided = await call(qb, 'updateBillPayment', { ...keys(paid), void: true });
    assert.deepEqual([voided.TotalAmt, voided.PrivateNote, voided.Line], [0, 'Voided - wallet', undefined]);
    assert.equal((await sim.stored('Bill'))[0].Balance, 1250.4);
    assert.equal((await sim.stored('BillPayment')).length, 1);
  });

  test('a batch pays and transfers', async () => {
    const owed = await createBill();
    const { BatchItemResponse: answers } = await call(qb, 'batch', [
      { bId: 'p1', operation: 'create', BillPayment: payment(owed, 1250.4) },
      { bId: 't1', operation: 'create', Transfer: { FromAccountRef: checking, ToAccountRef: wallet, Amount: 1250.4 } },
    ]);
    assert.deepEqual(answers.map((a) => a.Fault), [undefined, undefined]);
    assert.equal((await sim.stored('BillPayment')).length, 1);
    assert.equal((await sim.stored('Transfer')).length, 1);
  });
});

describe('node-quickbooks: transfers', () => {
  const transfer = { FromAccountRef: checking, ToAccountRef: wallet, Amount: 500.25, TxnDate: '2026-11-01', PrivateNote: 'fund the wallet' };
  const create = (set = {}) => call(qb, 'createTransfer', { ...transfer, ...set });

  test('creates, reads, finds, changes and deletes one', async () => {
    const created = await create();
    const [stored] = await sim.stored('Transfer');
    assert.deepEqual(created, stored);
    assert.deepEqual(await call(qb, 'getTransfer', created.Id), stored);
    await create({ TxnDate: '2026-10-01' });
    const found = await call(qb, 'findTransfers', [
      { field: 'TxnDate', value: '2026-11-01', operator: '>=' }, { field: 'TxnDate', value: '2026-11-30', operator: '<=' },
    ]);
    assert.deepEqual(found.QueryResponse.Transfer, [stored]);

    const { FromAccountRef, ToAccountRef } = transfer;
    await refused(call(qb, 'updateTransfer', { ...keys(created), PrivateNote: 'later' }), '2020');
    const changed = await call(qb, 'updateTransfer', { ...keys(created), FromAccountRef, ToAccountRef, Amount: 7 });
    assert.deepEqual([changed.Amount, changed.SyncToken, changed.PrivateNote], [7, '1', 'fund the wallet']);

    await call(qb, 'deleteTransfer', created.Id);
    await refused(call(qb, 'getTransfer', created.Id), '610');
    assert.deepEqual((await sim.books()).deleted.Transfer, [created.Id]);
  });

  test('refuses what is no transfer', async () => {
    await refused(create({ ToAccountRef: checking }), '6000');
    await refused(create({ ToAccountRef: { value: '8' } }), '6430');
    await refused(create({ ToAccountRef: { value: '999' } }), '2500');
    await refused(create({ Amount: 0 }), '2090');
    await refused(create({ Amount: undefined }), '2020');
    await refused(create({ CurrencyRef: { value: 'EUR' } }), '6000');
    assert.deepEqual(await sim.stored('Transfer'), []);
  });
});

describe('node-quickbooks: attachments', () => {
  const pdf = Buffer.from('%PDF-1.4 an invoice');

  test('finds the file of a bill, and downloads it', async () => {
    const [owed, other] = [await createBill(), await createBill()];
    await call(qb, 'upload', 'INV-1.pdf', 'application/pdf', pdf, 'Bill', owed.Id);
    const of = (type, id) => call(qb, 'findAttachables', {
      'AttachableRef.EntityRef.type': type, 'AttachableRef.EntityRef.value': id,
    });
    const found = await of('bill', owed.Id);
    const [file] = found.QueryResponse.Attachable;
    assert.deepEqual([file.FileName, file.ContentType, file.Size], ['INV-1.pdf', 'application/pdf', pdf.length]);
    assert.deepEqual(file.AttachableRef.map((r) => r.EntityRef), [{ type: 'Bill', value: owed.Id }]);
    assert.deepEqual((await of('Bill', other.Id)).QueryResponse, {});
    assert.deepEqual((await of('vendor', owed.Id)).QueryResponse, {});

    const answer = await fetch((await call(qb, 'getAttachable', file.Id)).TempDownloadUri);
    assert.equal(answer.headers.get('content-type'), 'application/pdf');
    assert.deepEqual(Buffer.from(await answer.arrayBuffer()), pdf);
    await sim.control('clock', { advance: '16m' });
    assert.equal((await fetch(file.TempDownloadUri)).status, 403);
  });

  test('keeps a note without a file', async () => {
    const owed = await createBill();
    const note = await call(qb, 'createAttachable', {
      Note: 'approved by Cai', AttachableRef: [{ EntityRef: { type: 'Bill', value: owed.Id } }],
    });
    assert.equal(note.TempDownloadUri, undefined);
    const found = await call(qb, 'findAttachables', { Id: note.Id });
    assert.equal(found.QueryResponse.Attachable[0].Note, 'approved by Cai');
    await call(qb, 'deleteAttachable', note.Id);
    assert.deepEqual(await sim.stored('Attachable'), []);
  });
});
