// The simulator as a child process, and its control API.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

// A proxy for the rest of the world must not come between a client and this host.
for (const name of ['NO_PROXY', 'no_proxy']) {
  process.env[name] = ['127.0.0.1', process.env[name]].filter(Boolean).join(',');
}

// What `sim quickbooks` uses unless it is told otherwise; SIM_URL must use it too.
const defaults = { realm: '4620816365291234560', clientId: 'sim-client', clientSecret: 'sim-secret' };

/** Starts a multicurrency company, or attaches to the one at SIM_URL. */
export async function startSimulator() {
  if (process.env.SIM_URL) {
    return new Simulator(process.env.SIM_URL.replace(/\/$/, ''), null);
  }
  if (!process.env.SIM_BIN) {
    throw new Error('SIM_BIN is not set: run ./run.sh, or build the simulator with `go build ./cmd/sim` and set SIM_BIN to it');
  }
  const child = spawn(process.env.SIM_BIN, ['quickbooks', '--listen', '127.0.0.1:0', '--multicurrency'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill); // whatever ends this process ends the simulator
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => process.exit(1));
  }
  return new Simulator(await announced(child), child);
}

/** Reads the address off the simulator's greeting. */
async function announced(child) {
  const lines = createInterface({ input: child.stdout });
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`the simulator ended with code ${code} before it told its address`);
  });
  const found = (async () => {
    for await (const line of lines) {
      const [, url] = line.match(/api_url: (\S+)/) ?? [];
      if (url) return url;
    }
    return failed;
  })();
  const url = await Promise.race([found, failed]);
  failed.catch(() => {}); // from here on its end is expected
  child.stdout.resume();
  return url;
}

class Simulator {
  #child;

  constructor(url, child) {
    Object.assign(this, defaults, { url });
    this.#child = child;
  }

  /** Fresh books, and no throttles: tests about throttles turn them on. */
  async fresh() {
    await this.control('reset', {});
    await this.control('limits', { limits: { off: true } });
  }

  /** Posts an order to the control API. */
  async control(path, body) {
    return this.#answer(path, { method: 'POST', body: JSON.stringify(body) });
  }

  /** All that the company holds, as the simulator and not a client sees it. */
  async books() {
    return this.#answer('books');
  }

  /** The stored records of one entity. */
  async stored(entity) {
    return (await this.books()).entities[entity];
  }

  async stats() {
    return this.#answer('stats');
  }

  async stop() {
    if (!this.#child || this.#child.exitCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await ended;
  }

  async #answer(path, options) {
    const response = await fetch(`${this.url}/_sim/${path}`, options);
    const body = await response.json();
    if (!response.ok) throw new Error(`control ${path}: ${body.error}`);
    return body;
  }
}
