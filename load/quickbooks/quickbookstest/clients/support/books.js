// Names of what every fresh company holds, and documents to put into it.

// Ids of the chart of accounts that the simulator promises.
export const contractors = { value: '8' };
export const legalFees = { value: '9' };
export const checking = { value: '1' };

/** The A/P account in a currency: every multicurrency bill names one. */
export async function payable(sim, currency) {
  const accounts = await sim.stored('Account');
  const found = accounts.find((a) => a.AccountSubType === 'AccountsPayable' && a.CurrencyRef.value === currency);
  return { value: found.Id };
}

export function expense(amount, account = contractors, description = 'Work in October') {
  return {
    DetailType: 'AccountBasedExpenseLineDetail',
    Amount: amount,
    Description: description,
    AccountBasedExpenseLineDetail: { AccountRef: account },
  };
}

/** A complete bill in US dollars. */
export async function bill(sim, vendor, set = {}) {
  return {
    VendorRef: { value: vendor.Id },
    APAccountRef: await payable(sim, 'USD'),
    CurrencyRef: { value: 'USD' },
    TxnDate: '2026-10-31',
    Line: [expense(1250.4)],
    ...set,
  };
}
