// The two clients, pointed at the simulator by the settings they offer for it.
// Nothing in them is replaced or wrapped, but for callbacks turned into promises.

import assert from 'node:assert/strict';
import OAuthClient from 'intuit-oauth';
import QuickBooks from 'node-quickbooks';

/** An intuit-oauth client of the simulator's app. */
export function oauthClient(sim, options = {}) {
  const client = new OAuthClient({
    clientId: sim.clientId,
    clientSecret: sim.clientSecret,
    environment: 'sandbox',
    redirectUri: 'https://app.example/callback',
    ...options,
  });
  client.setAuthorizeURLs({
    authorizeEndpoint: `${sim.url}/connect/oauth2`,
    tokenEndpoint: `${sim.url}/oauth2/v1/tokens/bearer`,
    revokeEndpoint: `${sim.url}/v2/oauth2/tokens/revoke`,
    userInfoEndpoint: `${sim.url}/v1/openid_connect/userinfo`,
  });
  OAuthClient.environment.sandbox = `${sim.url}/`;
  return client;
}

/** An intuit-oauth client that holds tokens already. */
export async function connectedOAuthClient(sim) {
  const grant = await sim.control('grant', {});
  return oauthClient(sim, {
    token: {
      token_type: 'bearer',
      access_token: grant.access_token,
      refresh_token: grant.refresh_token,
      expires_in: 3600,
      x_refresh_token_expires_in: 8_640_000,
      realmId: grant.realm,
    },
  });
}

/** A node-quickbooks client with tokens of its own, or with those given. */
export async function quickBooks(sim, grant) {
  QuickBooks.V3_ENDPOINT_BASE_URL = `${sim.url}/v3/company/`;
  QuickBooks.TOKEN_URL = `${sim.url}/oauth2/v1/tokens/bearer`;
  QuickBooks.REVOKE_URL = `${sim.url}/v2/oauth2/tokens/revoke`;
  const { access_token: token, refresh_token: refresh } = grant ?? (await sim.control('grant', {}));
  return new QuickBooks(sim.clientId, sim.clientSecret, token, false, sim.realm, true, false, 75, '2.0', refresh);
}

/** Calls a method that takes a callback. Rejects with what the callback got. */
export function call(client, method, ...args) {
  return new Promise((resolve, reject) => {
    client[method](...args, (err, body) => (err ? reject(err) : resolve(body)));
  });
}

/** The fault inside an error of node-quickbooks, on any status. */
export function faultOf(err) {
  return err.Fault ?? err.response?.data?.Fault;
}

/** Expects a call to be refused with a coded fault, and returns the fault's first error. */
export async function refused(promise, code) {
  const err = await promise.then(
    (body) => assert.fail(`fault ${code} expected, got ${JSON.stringify(body)}`),
    (reason) => reason,
  );
  const fault = faultOf(err);
  assert.ok(fault, `fault ${code} expected, got ${err.message ?? JSON.stringify(err)}`);
  assert.equal(fault.Error[0].code, code, JSON.stringify(fault));
  return fault.Error[0];
}
