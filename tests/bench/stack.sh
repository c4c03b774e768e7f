# Sourced by the benchmarks: a Release build, and a stack of real daemons in a
# temporary folder on a free port of the loopback, stopped by pid at exit.
set -euo pipefail
top="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
build="${BUILD:-$top/build/release}"
port="${BENCH_PORT:-18097}"
base="http://127.0.0.1:$port"
work="$(mktemp -d)"
chmod 755 "$work"
export HUIGONG_BUS="$work/bus" HUIGONG_LOG=warn
declare -A pids=()

stop_all() {
  for name in "${!pids[@]}"; do kill "${pids[$name]}" 2>/dev/null || true; done
  for name in "${!pids[@]}"; do wait "${pids[$name]}" 2>/dev/null || true; done
  rm -rf "$work"
}
trap stop_all EXIT

build_release() {
  cmake -G Ninja -S "$top" -B "$build" -DCMAKE_BUILD_TYPE=Release >"$work/cmake.log"
  ninja -C "$build" daemons hg-city bench_mint bench_fill bench_ask >"$work/ninja.log" || { tail -40 "$work/ninja.log" >&2; exit 1; }
}

start() { # NAME [SETTING=VALUE ...]; one with steps that make tables has a store
  local name="$1" store=(); shift
  if [ -n "$(find "$top/services/$name" -name '*.sql' -print -quit)" ]; then
    mkdir -p "$work/store/$name" "$work/heads/$name"
    "$top/deploy/keys" head "$work/head-$name.key"
    store=(HUIGONG_STORE="$work/store/$name" HUIGONG_HEADS="$work/heads/$name" HUIGONG_HEAD_KEY="$work/head-$name.key"
           HUIGONG_SESSION_POINT="$work/session.point")
  fi
  env "${store[@]}" "$@" "$build/hg-$name" 2>"$work/$name.log" &
  pids[$name]=$!
}

make_keys() {
  (umask 077
   head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >"$work/token.key"
   { printf '1 '; head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n'; echo
     printf 'index '; head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n'; echo; } >"$work/pii.key"
   cp "$work/pii.key" "$work/draw.key"
   cp "$work/pii.key" "$work/report.key"
   "$top/deploy/keys" session "$work/session.key"
   "$build/hg-identity" --point "$work/session.key" >"$work/session.point"
   cp "$work/pii.key" "$work/look.key"
   head -1 "$work/pii.key" >"$work/pass.key")
}

start_identity() { # [SETTING=VALUE ...]
  start identity HUIGONG_TOKEN_KEY="$work/token.key" HUIGONG_SESSION_KEY="$work/session.key" HUIGONG_PII_KEY="$work/pii.key" HUIGONG_LOOK_KEY="$work/look.key" HUIGONG_SMS=log "$@"
}

start_stack() { # [SETTING=VALUE ... for the gateway]
  mkdir -p "$work/bus"
  [ -e "$work/token.key" ] || make_keys
  start broker
  start_identity
  start coupon
  start health HUIGONG_DRAW_KEY="$work/draw.key" HUIGONG_PASS_KEY="$work/pass.key" HUIGONG_REPORT_KEY="$work/report.key" \
    HUIGONG_LOOK_KEY="$work/look.key"
  start bridge
  start gateway HUIGONG_LISTEN="127.0.0.1:$port" HUIGONG_TOKEN_KEY="$work/token.key" "$@"
  for _ in $(seq 100); do
    curl -fs "$base/readyz" >"$work/ready" && ! grep -q ' down$' "$work/ready" && return
    sleep 0.1
  done
  cat "$work"/*.log >&2
  echo "the stack did not become ready" >&2
  exit 1
}

coupon_call() { "$build/hg-coupon" --call "$1" "$2"; }

new_release() { # STOCK SECONDS_FROM_NOW: prints the id
  local at id
  at="$(date -u -d "+$2 seconds" +%Y-%m-%dT%H:%M:%S.%3NZ)"
  id="$(coupon_call Coupons.CreateRelease "{\"release\":{\"title\":\"bench\",\"faceFen\":500,\"stockPerDay\":$1,\"opensAt\":\"$at\",\"minLevel\":\"MEMBER\"}}" |
    sed 's/.*"releaseId":"\([0-9]*\)".*/\1/')"
  coupon_call Coupons.PublishRelease "{\"releaseId\":\"$id\"}" >/dev/null
  echo "$id"
}

mint_tokens() { # FIRST COUNT FILE
  "$build/bench_mint" "$work/token.key" "$1" "$2" 0001 >"$3"
}

first_member=1000000
flash() { # URL CONNECTIONS SECONDS: a release of its own, which members of its own claim; prints what came of it
  local n="$2" seconds="$3" members=$(($3 * 150000)) stock=10000000 out rps p99 answered bad granted duplicates
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
  echo "connections=$n flash_rps=$rps flash_p99_ms=$p99 granted=$granted" \
    "oversold=$((granted > stock ? granted - stock : 0)) duplicates=$duplicates" \
    "answered=$((answered - ${bad:-0})) refused=${bad:-0}"
  # What was answered 2xx must be in the store.
  [ "$granted" -ge $((answered - ${bad:-0})) ] || { echo "acknowledged claims are missing" >&2; exit 1; }
}

store_number() { # SERVICE SQL
  sqlite3 -readonly "$work/store/$1/data.sqlite" "$2"
}

# Milliseconds of a latency that wrk printed (us, ms or s).
to_ms() { awk '{v=$1+0; if ($1 ~ /us$/) v/=1000; else if ($1 !~ /ms$/) v*=1000; printf "%.2f", v}'; }
rss_mb() { awk '/VmRSS/{printf "%.1f", $2/1024}' "/proc/${pids[$1]}/status"; }
