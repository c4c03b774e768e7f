# shellcheck shell=bash
# Sourced by the benchmarks: `say name=value...` prints a line and holds each value against tests/bench/bars. The bench
# ends with 1 when a value has missed its bar, and when one of its bars was held against nothing. A function `cleanup` is
# called at the end.
bars="$(dirname "${BASH_SOURCE[0]}")/bars"
bench="$(basename "$0")"
missed=0
said=()

say()
{
    echo "$*"
    hold "$@"
}

# hold WORDS...: those that are name=value.
hold()
{
    local word of value comparison bound meaning

    for word in "$@"; do
        [[ "$word" == [a-z]*=* ]] || continue
        said+=("${word%%=*}")
        while read -r of value comparison bound meaning; do
            value="${value//[\[\]]/}"
            # shellcheck disable=SC2053 # a pattern
            [[ "$of" == "$bench" && "${word%%=*}" == $value ]] || continue
            awk -v value="${word#*=}" "BEGIN { exit !(value != \"\" && value + 0 $comparison $bound) }" || {
                echo "missed: $word, the bar is $comparison $bound${meaning:+: $meaning}" >&2
                missed=1
            }
            break
        done <"$bars"
    done
}

# What a program has printed.
hold_file()
{
    local words

    while read -ra words; do hold "${words[@]}"; done <"$1"
}

unsaid()
{
    local of value rest name found

    while read -r of value rest; do
        [[ "$of" == "$bench" && "$value" != \[* ]] || continue
        found=0
        for name in "${said[@]}"; do
            # shellcheck disable=SC2053
            [[ "$name" != $value ]] || found=1
        done
        [ "$found" = 1 ] || { echo "missed: nothing was said of $value" >&2; missed=1; }
    done <"$bars"
}

end_bench()
{
    local code=$?

    trap - EXIT
    [ "$(type -t cleanup)" != function ] || cleanup
    [ "$code" != 0 ] || unsaid
    [ "$code" != 0 ] || code="$missed"
    exit "$code"
}
trap end_bench EXIT
