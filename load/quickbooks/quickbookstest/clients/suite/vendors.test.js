// Vendors: create, read, full and sparse update, names that clash.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { startSimulator } from '../support/simulator.js';
import { call, quickBooks, refused } from '../support/clients.js';

let sim;
let qb;
before(async () => { sim = await startSimulator(); });
after(() => sim?.stop());
beforeEach(async () => {
  await sim.fresh();
  qb = await quickBooks(sim);
});

const ana = {
  DisplayName: 'Ana Prado',
  GivenName: 'Ana',
  FamilyName: 'Prado',
  CompanyName: 'Prado Serviços',
  PrimaryEmailAddr: { Address: 'ana@example.com' },
  TaxIdentifier: '123456789',
  Vendor1099: true,
  AcctNum: 'W-77',
  Notes: 'Contract of May',
  CurrencyRef: { value: 'BRL' },
  BillAddr: { Line1: 'Rua das Flores 1', City: 'São Paulo', Country: 'Brazil' },
};

const only = async () => {
  const all = await sim.stored('Vendor');
  assert.equal(all.length, 1);
  return all[0];
};

describe('node-quickbooks: vendors', () => {
  test('creates a vendor with every field, and reads it back', async () => {
    const created = await call(qb, 'createVendor', { ...ana });
    assert.equal(created.SyncToken, '0');
    const stored = await only();
    assert.deepEqual(created, stored);
    assert.deepEqual(await call(qb, 'getVendor', created.Id), stored);
    for (const name of ['DisplayName', 'GivenName', 'FamilyName', 'CompanyName', 'AcctNum', 'Notes', 'Vendor1099']) {
      assert.equal(stored[name], ana[name], name);
    }
    assert.equal(stored.CurrencyRef.value, 'BRL');
    assert.equal(stored.PrimaryEmailAddr.Address, 'ana@example.com');
    assert.equal(stored.TaxIdentifier, 'XXXXX6789'); // never answered in the clear
    assert.equal(stored.BillAddr.Country, 'BRA'); // answered in three letters, whatever was sent
    assert.equal(stored.Active, true);
  });

  test('a vendor without a DisplayName gets one from the parts of the name', async () => {
    await call(qb, 'createVendor', { GivenName: 'Ana', FamilyName: 'Prado' });
    assert.equal((await only()).DisplayName, 'Ana Prado');
  });

  test('a vendor without any name is refused', async () => {
    await refused(call(qb, 'createVendor', { Notes: 'nobody' }), '6080');
    assert.deepEqual(await sim.stored('Vendor'), []);
  });

  test('a sparse update changes what it names and keeps the rest', async () => {
    const created = await call(qb, 'createVendor', { ...ana });
    const change = { Id: created.Id, SyncToken: created.SyncToken, Notes: 'Contract of June' };
    const updated = await call(qb, 'updateVendor', change); // the client makes an update sparse by itself
    const stored = await only();
    assert.deepEqual(updated, stored);
    assert.equal(stored.SyncToken, '1');
    assert.equal(stored.Notes, 'Contract of June');
    assert.equal(stored.AcctNum, 'W-77');
    assert.equal(stored.BillAddr.City, 'São Paulo');
    assert.equal(stored.TaxIdentifier, 'XXXXX6789');
  });

  test('a full update clears what it leaves out', async () => {
    const created = await call(qb, 'createVendor', { ...ana });
    const { Id, SyncToken, CurrencyRef } = created;
    await call(qb, 'updateVendor', { Id, SyncToken, CurrencyRef, DisplayName: 'Ana Prado', AcctNum: 'W-78', sparse: false });
    const stored = await only();
    assert.equal(stored.AcctNum, 'W-78');
    assert.equal(stored.Notes, undefined);
    assert.equal(stored.PrimaryEmailAddr, undefined);
    assert.equal(stored.Active, true);
    assert.equal(stored.CurrencyRef.value, 'BRL');
  });

  test('a stale SyncToken is refused, and the first change stays', async () => {
    const created = await call(qb, 'createVendor', { ...ana });
    const other = await quickBooks(sim);
    const theirs = await call(other, 'getVendor', created.Id);
    await call(other, 'updateVendor', { Id: theirs.Id, SyncToken: theirs.SyncToken, Notes: 'theirs' });
    const { Id, SyncToken } = created;
    const fault = await refused(call(qb, 'updateVendor', { Id, SyncToken, Notes: 'ours' }), '5010');
    assert.match(fault.Detail, /^Stale Object Error/);
    assert.equal((await only()).Notes, 'theirs');
    assert.equal((await only()).SyncToken, '1');
  });

  test('a name that is taken is refused with the id of who has it, whatever the case', async () => {
    const created = await call(qb, 'createVendor', { ...ana });
    const fault = await refused(call(qb, 'createVendor', { DisplayName: 'ANA PRADO' }), '6240');
    assert.equal(fault.Message, 'Duplicate Name Exists Error');
    assert.equal(fault.Detail, `The name supplied already exists. : Id=${created.Id}`);
    assert.equal((await only()).DisplayName, 'Ana Prado');
  });

  test('a name that an employee has is taken too, and the id is not a vendor\'s', async () => {
    const { id } = await sim.control('create', { entity: 'Employee', set: { DisplayName: 'Ana Prado' } });
    const fault = await refused(call(qb, 'createVendor', { DisplayName: 'Ana Prado' }), '6240');
    assert.equal(fault.Detail, `The name supplied already exists. : Id=${id}`);
    await refused(call(qb, 'getVendor', id), '610');
    assert.deepEqual(await sim.stored('Vendor'), []);
  });

  test('a deactivated vendor keeps its name, is marked, and is hidden from plain queries', async () => {
    const created = await call(qb, 'createVendor', { ...ana });
    await call(qb, 'updateVendor', { Id: created.Id, SyncToken: created.SyncToken, Active: false });
    assert.equal((await only()).DisplayName, 'Ana Prado (deleted)');
    assert.equal((await only()).Active, false);
    const plain = await call(qb, 'findVendors', {});
    assert.equal(plain.QueryResponse.Vendor, undefined);
    const all = await call(qb, 'findVendors', { Active: [true, false] });
    assert.deepEqual(all.QueryResponse.Vendor, [await only()]);
    await refused(call(qb, 'createVendor', { DisplayName: 'Ana Prado' }), '6240');
  });

  test('a colon, a tab, and a name too long are refused', async () => {
    await refused(call(qb, 'createVendor', { DisplayName: 'Ana: Prado' }), '2040');
    await refused(call(qb, 'createVendor', { DisplayName: 'Ana\tPrado' }), '2040');
    const fault = await refused(call(qb, 'createVendor', { DisplayName: 'A'.repeat(501) }), '2050');
    assert.match(fault.Detail, /Max:500 supported. Supplied length:501/);
    await call(qb, 'createVendor', { DisplayName: 'A'.repeat(500) });
    assert.equal((await only()).DisplayName.length, 500);
  });

  test('two vendors in two currencies need two names', async () => {
    await call(qb, 'createVendor', { DisplayName: 'Ana Prado (BRL)', CurrencyRef: { value: 'BRL' } });
    await call(qb, 'createVendor', { DisplayName: 'Ana Prado (USD)' });
    const stored = await sim.stored('Vendor');
    assert.deepEqual(stored.map((v) => v.CurrencyRef.value), ['BRL', 'USD']);
    const { Id, SyncToken } = stored[1];
    await refused(call(qb, 'updateVendor', { Id, SyncToken, CurrencyRef: { value: 'BRL' } }), '6000');
  });

  test('an unknown id is not found', async () => {
    await refused(call(qb, 'getVendor', '99999'), '610');
  });
});
