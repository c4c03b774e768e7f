# shellcheck shell=bash disable=SC2154
# Sourced by the benchmarks: a Release build, and a stack of real daemons in a temporary folder on a free port of the
# loopback, stopped by pid at exit. Which daemons there are and what each needs is what deploy/settings says.
set -euo pipefail
unset "${!HUIGONG_@}"
top="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
# shellcheck source=tests/bench/say.sh
. "$top/tests/bench/say.sh"
build="${BUILD:-$top/build/release}"
port="${BENCH_PORT:-18097}"
base="http://127.0.0.1:$port"
work="$(mktemp -d)"
chmod 755 "$work"
mkdir -p "$work"/{archive,bus,heads,keys,store,web}
ln -s "$build" "$work/build"
export HUIGONG_HOME="$work" HUIGONG_PORT="$port" HUIGONG_METRICS_PORT=$((port + 2)) HUIGONG_BUS="$work/bus" HUIGONG_LOG=warn
# shellcheck source=deploy/settings
. "$top/deploy/settings"
declare -A pids=()

stop_daemons() {
  for name in "${!pids[@]}"; do kill "${pids[$name]}" 2>/dev/null || true; done
  for name in "${!pids[@]}"; do wait "${pids[$name]}" 2>/dev/null || true; done
  pids=()
}

cleanup() {
  stop_daemons
  rm -rf "$work"
}

build_release() {
  cmake -G Ninja -S "$top" -B "$build" -DCMAKE_BUILD_TYPE=Release >"$work/cmake.log"
  ninja -C "$build" daemons hg-city bench_mint bench_fill bench_ask >"$work/ninja.log" || { tail -40 "$work/ninja.log" >&2; exit 1; }
}

make_keys() { # of a daemon
  local setting
  "$top/deploy/keys" head "$work/keys/head-$1"
  # One secret for both, so that one function mints the tokens that no login gives (tests/system/people.mjs).
  "$top/deploy/keys" token "$work/keys/token"
  [ -e "$work/keys/session" ] || cp -p "$work/keys/token" "$work/keys/session"
  [ -e "$work/keys/session.point" ] || "$build/hg-identity" --point "$work/keys/session" >"$work/keys/session.point"
  for setting in $(keys_of "$1"); do
    "$top/deploy/keys" "$(basename "$(key_file "$setting")")" "$(key_file "$setting")"
  done
}

start() { # NAME [SETTING=VALUE ...]
  local name="$1"; shift
  make_keys "$name"
  settings_of "$name"
  mkdir -p "$work"/{archive,store,heads}/"$name"
  env -i "${environment[@]}" HUIGONG_BUS="$HUIGONG_BUS" "$@" "$build/hg-$name" 2>"$work/$name.log" &
  pids[$name]=$!
}

start_stack() { # [SETTING=VALUE ... for the gateway]
  for name in "${services[@]}"; do
    if [ "$name" = gateway ]; then start gateway "$@"; else start "$name"; fi
  done
  for _ in $(seq 100); do
    curl -fs "$base/readyz" >"$work/ready" && ! grep -q ' down$' "$work/ready" && return
    sleep 0.1
  done
  cat "$work"/*.log >&2
  echo "the stack did not become ready" >&2
  exit 1
}

coupon_call() { daemon coupon --call "$1" "$2"; }

new_release() { # STOCK SECONDS_FROM_NOW: prints the id
  local at id
  at="$(date -u -d "+$2 seconds" +%Y-%m-%dT%H:%M:%S.%3NZ)"
  id="$(coupon_call Coupons.CreateRelease "{\"release\":{\"title\":\"bench\",\"faceFen\":500,\"stockPerDay\":$1,\"opensAt\":\"$at\"${COUNTS:+,\"counts\":$COUNTS}}}" |
    sed 's/.*"releaseId":"\([0-9]*\)".*/\1/')"
  coupon_call Coupons.PublishRelease "{\"releaseId\":\"$id\"}" >/dev/null
  echo "$id"
}

mint_tokens() { # FIRST COUNT FILE
  "$build/bench_mint" "$work/keys/token" "$1" "$2" 0001 >"$3"
}

first_member=1000000
flash() { # URL CONNECTIONS SECONDS [WORDS...]: a release of its own, which members of its own claim; says what came of it
  local n="$2" seconds="$3" members=$(($3 * 150000)) stock=10000000 out p99 answered bad granted duplicates
  export TOKENS="$work/tokens" RELEASE TARGET
  mint_tokens "$first_member" "$members" "$TOKENS"
  first_member=$((first_member + members))
  RELEASE="$(new_release $stock 1)"
  TARGET="/v1/releases/$RELEASE/claims"
  sleep 1.2
  out="$(wrk -t1 -c"$n" -d"${seconds}s" --latency -s "$top/tests/bench/post.lua" "$1")"
  rps="$(echo "$out" | awk '/Requests\/sec/{print int($2)}')"
  p99="$(echo "$out" | awk '/^ *99%/{print $2}' | to_ms)"
  answered="$(echo "$out" | awk '/requests in/{print $1}')"
  bad="$(echo "$out" | awk '/Non-2xx/{print $NF}')"
  read -r granted duplicates < <(store_number coupon \
    "SELECT count(*), count(*) - count(DISTINCT member_id) FROM claim WHERE release_id = $RELEASE" | tr '|' ' ')
  answered=$((answered - ${bad:-0}))
  say "${@:4}" connections="$n" flash_rps="$rps" flash_p99_ms="$p99" granted="$granted" \
    oversold=$((granted > stock ? granted - stock : 0)) duplicates="$duplicates" \
    answered="$answered" refused="${bad:-0}" lost=$((granted < answered ? answered - granted : 0))
}

store_number() { # SERVICE SQL
  sqlite3 -readonly "$work/store/$1/data.sqlite" "$2"
}

# Milliseconds of a latency that wrk printed (us, ms or s).
to_ms() { awk '{v=$1+0; if ($1 ~ /us$/) v/=1000; else if ($1 !~ /ms$/) v*=1000; printf "%.2f", v}'; }
rss_mb() { awk '/VmRSS/{printf "%.1f", $2/1024}' "/proc/${pids[$1]}/status"; }
