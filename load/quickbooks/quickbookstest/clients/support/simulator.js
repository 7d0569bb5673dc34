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
  const child = spawn('sh', ['-c', watched, process.env.SIM_BIN, 'quickbooks', '--listen', '127.0.0.1:0', '--multicurrency'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  return new Simulator(await announced(child), child);
}

// Runs the simulator for as long as this process holds the shell's input open: it
// ends with us, however we end, and when a terminal interrupts everything at once.
const watched = `
  "$0" "$@" & sim=$!
  trap 'kill $sim 2>/dev/null; wait $sim' EXIT
  trap 'exit 1' HUP INT TERM
  exec >/dev/null
  cat`;

/** Reads the address off the simulator's greeting. */
async function announced(child) {
  for await (const line of createInterface({ input: child.stdout })) {
    const [, url] = line.match(/api_url: (\S+)/) ?? [];
    if (url) return url;
  }
  child.stdin.end();
  throw new Error(`the simulator ${process.env.SIM_BIN} ended before it told its address`);
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
    if (!this.#child) return;
    const ended = once(this.#child, 'exit');
    this.#child.stdin.end();
    await ended;
  }

  async #answer(path, options) {
    const response = await fetch(`${this.url}/_sim/${path}`, options);
    const body = await response.json();
    if (!response.ok) throw new Error(`control ${path}: ${body.error}`);
    return body;
  }
}
