#!/bin/sh
# Installs the clients exactly as locked, builds the simulator and lets them at it.
# SIM_BIN is a simulator that is already built; SIM_URL is one that already runs.
set -eu
cd "$(dirname "$0")"

need() {
	command -v "$1" >/dev/null 2>&1 && return
	echo "clients: $1 is missing: $2" >&2
	exit 1
}
need node "install Node.js 20.11 or newer, which brings the test runner"
need npm "install npm (it comes with Node.js), which fetches the two clients"
node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 11) ? 0 : 1)' || {
	echo "clients: Node.js $(node --version) is too old: install 20.11 or newer" >&2
	exit 1
}
npm ci --loglevel=error --no-progress >/dev/null || {
	echo "clients: npm ci did not install the clients: the lines above say why (it needs a registry, or a filled cache)" >&2
	exit 1
}

if [ -z "${SIM_URL:-}${SIM_BIN:-}" ]; then
	need go "install Go, which builds the simulator, or point SIM_BIN at one"
	built=$(mktemp -d)
	trap 'rm -rf "$built"' EXIT
	trap 'exit 130' INT TERM
	SIM_BIN=$built/sim
	(cd ../../../.. && go build -o "$SIM_BIN" ./cmd/sim)
	export SIM_BIN
fi
npm test --silent
