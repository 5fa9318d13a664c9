#!/usr/bin/env bash
# Gets the servers that `npm run test:e2e` runs and that are missing here: Prometheus and Alertmanager from the packages of
# Debian or Ubuntu, and Jaeger built from its Go module into the cache. It needs root or sudo for the one, Go for the other.
set -euo pipefail

jaeger_module=github.com/jaegertracing/jaeger@v1.76.0 # Jaeger 2.13.0 is the same release
jaeger_sum=h1:sWCOOF1dr+NL0PLil7mFo3BqqQL8k4WiM7aguFbc14g=
jaeger=${XDG_CACHE_HOME:-$HOME/.cache}/switchgear/bin/jaeger

has() { command -v "$1" >/dev/null; }

packages=()
if [[ -z ${PROMETHEUS_BIN:-} || -z ${PROMTOOL_BIN:-} ]]; then
  has prometheus && has promtool || packages+=(prometheus)
fi
if [[ -z ${ALERTMANAGER_BIN:-} || -z ${AMTOOL_BIN:-} ]]; then
  { has prometheus-alertmanager || has alertmanager; } && has amtool || packages+=(prometheus-alertmanager)
fi
if ((${#packages[@]} > 0)); then
  if ! has apt-get; then
    echo "No apt-get here. Get these by hand, from https://prometheus.io/download: ${packages[*]}" >&2
    exit 1
  fi
  as_root=()
  ((EUID == 0)) || as_root=(sudo)
  # The packages would start their services, which nobody has asked for.
  policy=/usr/sbin/policy-rc.d
  if [[ ! -e $policy ]]; then
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    "${as_root[@]}" chmod +x "$policy"
    trap '"${as_root[@]}" rm -f "$policy"' EXIT
  fi
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
fi

if [[ -z ${JAEGER_BIN:-} && ! -x $jaeger ]] && ! has jaeger; then
  if ! has go; then
    echo "No Go here, which builds Jaeger: https://go.dev/dl. Or set JAEGER_BIN to a Jaeger 2 that you have." >&2
    exit 1
  fi
  echo "Building Jaeger into $jaeger: some minutes, once." >&2
  module=$(go mod download -json "$jaeger_module")
  field() { sed -n "s/^\t\"$1\": \"\(.*\)\",\{0,1\}$/\1/p" <<<"$module"; }
  if [[ $(field Sum) != "$jaeger_sum" ]]; then
    echo "$jaeger_module is not what it was: $(field Sum) instead of $jaeger_sum" >&2
    exit 1
  fi
  mkdir -p "$(dirname "$jaeger")"
  # Where its own go.mod and go.sum hold: that pins all that it is built from.
  cd "$(field Dir)"
  go build -trimpath -ldflags='-s -w' -o "$jaeger.new" ./cmd/jaeger
  mv "$jaeger.new" "$jaeger"
fi
