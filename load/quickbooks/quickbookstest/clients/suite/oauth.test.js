// Connecting, refreshing and disconnecting, with both clients.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import OAuthClient from 'intuit-oauth';
import { startSimulator } from '../support/simulator.js';
import { call, connectedOAuthClient, oauthClient, quickBooks } from '../support/clients.js';

let sim;
before(async () => { sim = await startSimulator(); });
after(() => sim?.stop());
beforeEach(() => sim.fresh());

const authorize = (client) => client.authorizeUri({ scope: [OAuthClient.scopes.Accounting], state: 'st+at/e=1' });

/** Follows the authorize address as a browser would, up to the app's callback. */
async function consent(url) {
  const response = await fetch(url, { redirect: 'manual' });
  assert.equal(response.status, 302, await response.text());
  return response.headers.get('location');
}

async function connect(options) {
  const client = oauthClient(sim, options);
  await client.createToken(await consent(authorize(client)));
  return client;
}

const companyPath = () => `v3/company/${sim.realm}`;
const companyInfo = (client) => client.makeApiCall({ url: `${companyPath()}/companyinfo/${sim.realm}` });

describe('intuit-oauth', () => {
  test('authorises, consents and exchanges the code for tokens that read and write', async () => {
    const client = oauthClient(sim);
    const callback = new URL(await consent(authorize(client)));
    assert.equal(callback.origin + callback.pathname, 'https://app.example/callback');
    assert.equal(callback.searchParams.get('state'), 'st+at/e=1');
    assert.equal(callback.searchParams.get('realmId'), sim.realm);

    const answer = await client.createToken(callback.href);
    assert.equal(answer.json.token_type, 'bearer');
    assert.equal(answer.json.expires_in, 3600);
    assert.equal(answer.json.x_refresh_token_expires_in, 8_640_000);
    assert.equal(answer.json.x_refresh_token_hard_expires_in, undefined);
    assert.match(answer.getIntuitTid(), /^1-/);
    assert.equal(client.token.realmId, sim.realm);
    assert.ok(client.isAccessTokenValid());

    const read = await companyInfo(client);
    assert.equal(read.json.CompanyInfo.CompanyName, (await sim.books()).realm.name);
    await client.makeApiCall({ url: `${companyPath()}/vendor`, method: 'POST', body: { DisplayName: 'Ana Prado' } });
    assert.deepEqual((await sim.stored('Vendor')).map((v) => v.DisplayName), ['Ana Prado']);
  });

  test('a denied consent comes back as an error and gives no tokens', async () => {
    const client = oauthClient(sim);
    const callback = await consent(`${authorize(client)}&sim_realm=deny`);
    assert.equal(new URL(callback).searchParams.get('error'), 'access_denied');
    await assert.rejects(client.createToken(callback));
    assert.equal((await sim.stats()).requests.token, 1);
  });

  test('a code works once', async () => {
    const client = oauthClient(sim);
    const callback = await consent(authorize(client));
    await client.createToken(callback);
    await assert.rejects(oauthClient(sim).createToken(callback), { error: 'invalid_grant' });
    await companyInfo(client);
  });

  test('a wrong secret is refused', async () => {
    const callback = await consent(authorize(oauthClient(sim)));
    await assert.rejects(oauthClient(sim, { clientSecret: 'wrong' }).createToken(callback), { error: 'invalid_client' });
    await oauthClient(sim).createToken(callback); // the code was not spent
  });

  test('the end of the five years is told to those who ask with the header', async () => {
    const client = await connect({ includeRefreshTokenHardExpiresIn: true });
    assert.equal(client.token.x_refresh_token_hard_expires_in, 5 * 365 * 24 * 3600);
  });

  test('refreshing keeps the refresh token for a day, then rotates it, and the old one is dead', async () => {
    const client = await connect();
    const first = { ...client.getToken() };
    await client.refresh();
    assert.notEqual(client.getToken().access_token, first.access_token);
    assert.equal(client.getToken().refresh_token, first.refresh_token);

    await sim.control('clock', { advance: '25h' });
    await client.refresh();
    assert.notEqual(client.getToken().refresh_token, first.refresh_token);
    await companyInfo(client);

    await assert.rejects(client.refreshUsingToken(first.refresh_token), { error: 'invalid_grant' });
    assert.equal((await sim.stats()).refreshed, 2);
  });

  test('a refresh token that lay unused for a hundred days is over', async () => {
    const client = await connect();
    await sim.control('clock', { advance: '2400h' });
    await assert.rejects(client.refresh(), { error: 'invalid_grant', error_description: 'Token invalid' });
  });

  test('a token endpoint that fails once is asked again by the client', async () => {
    const client = await connect();
    await sim.control('next', { troubles: [{ kind: 'server_error', on: 'token', status: 503 }] });
    await client.refresh();
    await companyInfo(client);
    const stats = await sim.stats();
    assert.deepEqual([stats.troubled, stats.refreshed], [1, 1]);
  });

  test('revoking by the access token ends both tokens', async () => {
    const client = await connect();
    const tokens = { ...client.getToken() };
    const answer = await client.revoke();
    assert.equal(answer.status(), 200);
    assert.equal(client.getToken().access_token, '');

    client.setToken(tokens);
    await assert.rejects(
      client.makeApiCall({ url: `${companyPath()}/vendor`, method: 'POST', body: { DisplayName: 'Too late' } }),
      { code: '401' },
    );
    await assert.rejects(client.refresh(), { error: 'invalid_grant' });
    assert.deepEqual(await sim.stored('Vendor'), []);
  });

  test('revoking by the refresh token does so too', async () => {
    const client = await connect();
    const tokens = { ...client.getToken() };
    await client.revoke({ refresh_token: tokens.refresh_token });
    client.setToken(tokens);
    await assert.rejects(companyInfo(client), { code: '401' });
  });

  test('a disconnection from the company\'s side is met at the next call and refresh', async () => {
    const client = await connectedOAuthClient(sim);
    await companyInfo(client);
    await sim.control('disconnect', { realm: sim.realm });
    await assert.rejects(companyInfo(client), { code: '401' });
    await assert.rejects(client.refresh(), { error: 'invalid_grant' });
    assert.equal((await sim.stats()).unauthorized, 1);
  });

  test('tokens of one company do not open another', async () => {
    const client = await connect();
    await assert.rejects(client.makeApiCall({ url: 'v3/company/1/companyinfo/1' }), { code: '403' });
  });
});

describe('node-quickbooks', () => {
  test('refreshes, and rotates the refresh token after a day', async () => {
    const qb = await quickBooks(sim);
    const first = { token: qb.token, refresh: qb.refreshToken };
    await call(qb, 'refreshAccessToken');
    assert.notEqual(qb.token, first.token);
    assert.equal(qb.refreshToken, first.refresh);

    await sim.control('clock', { advance: '25h' });
    await call(qb, 'refreshAccessToken');
    assert.notEqual(qb.refreshToken, first.refresh);
    await call(qb, 'createVendor', { DisplayName: 'Ana Prado' });
    assert.equal((await sim.stored('Vendor')).length, 1);
    assert.equal((await sim.stats()).refreshed, 2);
  });

  test('a refused refresh is an error and leaves the tokens in place', async () => {
    const qb = await quickBooks(sim);
    const { token, refreshToken } = qb;
    await sim.control('disconnect', { realm: sim.realm });
    await assert.rejects(call(qb, 'refreshAccessToken'), (err) => {
      assert.equal(err.response.status, 400);
      assert.equal(err.response.data.error, 'invalid_grant');
      return true;
    });
    assert.deepEqual([qb.token, qb.refreshToken], [token, refreshToken]);
  });

  for (const useRefresh of [true, false]) {
    test(`revokes by its ${useRefresh ? 'refresh' : 'access'} token, after which nothing works`, async () => {
      const grant = await sim.control('grant', {});
      const qb = await quickBooks(sim, grant);
      await call(qb, 'revokeAccess', useRefresh);
      assert.deepEqual([qb.token, qb.refreshToken, qb.realmId], [null, null, null]);

      const again = await quickBooks(sim, grant);
      await assert.rejects(call(again, 'createVendor', { DisplayName: 'Too late' }), (err) => err.response.status === 401);
      await assert.rejects(call(again, 'refreshAccessToken'), (err) => err.response.data.error === 'invalid_grant');
      assert.deepEqual(await sim.stored('Vendor'), []);
    });
  }

  test('an expired access token gets the gateway\'s 401 in lower case, and a refresh heals it', async () => {
    const qb = await quickBooks(sim);
    const vendor = await call(qb, 'createVendor', { DisplayName: 'Ana Prado' });
    await sim.control('expire', { realm: sim.realm });

    await assert.rejects(call(qb, 'getVendor', vendor.Id), ({ response }) => {
      assert.equal(response.status, 401);
      assert.equal(response.headers['www-authenticate'], 'Bearer realm="Intuit", error="invalid_token"');
      assert.match(response.headers.intuit_tid, /^1-/);
      const { Fault, fault, time } = response.data;
      assert.equal(Fault, undefined);
      assert.equal(fault.type, 'AUTHENTICATION');
      assert.equal(fault.error.length, 1);
      const [{ code, message, detail, element }] = fault.error;
      assert.deepEqual({ code, message, element }, {
        code: '3200', message: 'message=AuthenticationFailed; errorCode=003200; statusCode=401', element: null,
      });
      assert.match(detail, /^Token expired: /);
      assert.equal(typeof time, 'number');
      return true;
    });

    await call(qb, 'refreshAccessToken');
    assert.equal((await call(qb, 'getVendor', vendor.Id)).DisplayName, 'Ana Prado');
    assert.equal((await sim.stats()).unauthorized, 1);
  });

  test('an access token ends by itself after an hour', async () => {
    const qb = await quickBooks(sim);
    await sim.control('clock', { advance: '59m' });
    await call(qb, 'getPreferences');
    await sim.control('clock', { advance: '2m' });
    await assert.rejects(call(qb, 'createVendor', { DisplayName: 'Too late' }), (err) => err.response.status === 401);
    assert.deepEqual(await sim.stored('Vendor'), []);
  });

  test('an expired token in front of a batch stops all of it', async () => {
    const qb = await quickBooks(sim);
    await sim.control('expire', { realm: sim.realm });
    const items = [{ bId: 'v1', operation: 'create', Vendor: { DisplayName: 'Ana Prado' } }];
    await assert.rejects(call(qb, 'batch', items), (err) => err.response.data.fault.error[0].code === '3200');
    assert.deepEqual(await sim.stored('Vendor'), []);
  });

  test('a token of another app is not taken', async () => {
    const qb = await quickBooks(sim, { access_token: 'eyJhbGciOiJkaXIi.unknown', refresh_token: 'RT1-unknown' });
    await assert.rejects(call(qb, 'getPreferences'), (err) => err.response.data.fault.error[0].code === '3200');
    await assert.rejects(call(qb, 'refreshAccessToken'), (err) => err.response.data.error === 'invalid_grant');
  });
});
