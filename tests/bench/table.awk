# One bench's samples, lines of "BENCH ROUND CONTENDER WALL CPU", as a row for each contender and,
# appended to the file `figures`, a JSON line for each figure. The first contender is ours.

# Sorts what is in list[1..count] and returns its middle.
function median(list, count,    i, j, swap) {
    for (i = 2; i <= count; i++)
        for (j = i; j > 1 && list[j] < list[j - 1]; j--) {
            swap = list[j]; list[j] = list[j - 1]; list[j - 1] = swap
        }
    return count % 2 ? list[(count + 1) / 2] : (list[count / 2] + list[count / 2 + 1]) / 2
}

# What issue and design ask of ours / peer; 0 = nothing.
function goal_for(peer) {
    if (bench ~ /^telemetry/) return 1.03
    if (peer == "go") return bench ~ /k0$/ ? 3.0 : 1.0
    if (peer == "pthread" && bench ~ /k1024$/) return 0.5
    return 0
}

function figure(value, unit, extra) {
    printf "{\"bench\":\"%s\",\"value\":%.1f,\"unit\":\"%s\",%s}\n", \
        bench, value, unit, extra >> figures
}

function peer_figure(peer, value) {
    return sprintf("\"peer\":\"%s\",\"peer_value\":%.1f", peer, value)
}

# The middle, least and greatest wall time of one contender, and its CPU time.
function summarise(who,    i, list) {
    for (i = 1; i <= rounds; i++) list[i] = cpu[who, i]
    cpu_median[who] = median(list, rounds)
    for (i = 1; i <= rounds; i++) list[i] = wall[who, i]
    wall_median[who] = median(list, rounds)
    least[who] = list[1]
    greatest[who] = list[rounds]
}

function print_row(who, tail) {
    printf "%-21s %-8s %9.1f  %-23s %9.1f%s\n", bench, who, wall_median[who], \
        sprintf("(%.1f..%.1f)", least[who], greatest[who]), cpu_median[who], tail
}

function compare(peer,    i, list, ratio, goal, verdict, extra) {
    for (i = 1; i <= rounds; i++) list[i] = wall[ours, i] / wall[peer, i]
    ratio = median(list, rounds)
    goal = goal_for(peer)
    if (goal) verdict = sprintf("  goal %.2f %s", goal, ratio <= goal ? "met" : "MISSED")
    print_row(peer, sprintf("  %6.2f%s", ratio, verdict))
    extra = sprintf("\"min\":%.1f,\"max\":%.1f,\"ratio\":%.3f,", least[ours], greatest[ours], ratio)
    if (goal) extra = extra sprintf("\"goal\":%.2f,", goal)
    figure(wall_median[ours], "ns/element", extra peer_figure(peer, wall_median[peer]))
    figure(cpu_median[ours], "cpu-ns/element", peer_figure(peer, cpu_median[peer]))
}

{
    bench = $1
    if ($2 > rounds) rounds = $2
    if (!($3 in seen)) { seen[$3] = 1; who[++contenders] = $3 }
    wall[$3, $2] = $4
    cpu[$3, $2] = $5
}

END {
    ours = who[1]
    if (!titled)
        printf "%-21s %-8s %9s  %-23s %9s  %6s\n", "bench", "who", "ns/elem", "(least..greatest)", \
            "cpu ns", "ours/it"
    for (i = 1; i <= contenders; i++) summarise(who[i])
    print_row(ours, "")
    for (i = 2; i <= contenders; i++) compare(who[i])
}
