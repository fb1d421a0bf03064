# One bench's samples as a row for each contender and, appended to the file `figures`, a JSON line for
# each figure. Lines of "BENCH ROUND CONTENDER WALL CPU", and of pools also their peak in KiB and the
# microseconds until the first result. The first contender is ours.

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
    if (bench ~ /^failing-(collect|best)/) return 1.05
    if (bench ~ /^memory/) return 1.02
    if (bench ~ /^sleep/) return peer == "ideal" ? 1.08 : 0
    if (bench ~ /^stream-k0/) return peer == "crossbeam" ? 0.2 : peer == "go-chan" ? 0.1 : 0
    if (bench ~ /^stream-k64/) return peer == "native-split(limit)" ? 1.05 : 0
    if (peer == "go") return bench ~ /k0$/ ? 3.0 : 1.0
    if (peer == "pthread" && bench ~ /k1024$/) return 0.5
    return 0
}

# And of ours alone.
function own_goal() {
    return bench == "stream-k0-w2" ? 6 : bench == "stream-k0-w16" ? 8 : 0
}

# And of the processor time of ours / peer: those that park a thread for each task that sleeps.
function cpu_goal_for(peer) {
    return bench ~ /^sleep/ && peer !~ /^(go|ideal)/ ? 1.0 : 0
}

function is_pool() {
    return bench !~ /^(chan|telemetry)/
}

function unit_here() {
    return bench ~ /^memory/ ? "KiB" : is_pool() ? "ns/task" : "ns/element"
}

function figure(value, unit, extra) {
    printf "{\"bench\":\"%s\",\"value\":%.2f,\"unit\":\"%s\",%s}\n", \
        bench, value, unit, extra >> figures
}

function peer_figure(peer, value) {
    return sprintf("\"peer\":\"%s\",\"peer_value\":%.2f", peer, value)
}

function median_of(values, who,    i, list) {
    for (i = 1; i <= rounds; i++) list[i] = values[who, i]
    return median(list, rounds)
}

function median_ratio(values, peer,    i, list) {
    if (median_of(values, peer) == 0) return 0
    for (i = 1; i <= rounds; i++)
        list[i] = values[ours, i] / (values[peer, i] ? values[peer, i] : median_of(values, peer))
    return median(list, rounds)
}

# The middle, least and greatest wall time of one contender, and its CPU time.
function summarise(who,    i, list) {
    cpu_median[who] = median_of(cpu, who)
    for (i = 1; i <= rounds; i++) list[i] = wall[who, i]
    wall_median[who] = median(list, rounds)
    least[who] = list[1]
    greatest[who] = list[rounds]
}

function verdict(goal, value) {
    return goal ? sprintf("  goal %.2f %s", goal, value <= goal ? "met" : "MISSED") : ""
}

function print_row(who, tail) {
    printf "%-20s %-22s %8.2f  %-19s %8.2f", bench, who, wall_median[who], \
        sprintf("(%.2f..%.2f)", least[who], greatest[who]), cpu_median[who]
    if (is_pool()) printf " %7d %8s", median_of(rss, who), \
        first[who, 1] ? sprintf("%.0f", median_of(first, who)) : "-"
    else printf " %7s %8s", "", ""
    print tail
}

function compare(peer,    ratio, goal, cpu_goal, cpu_ratio, tail, extra) {
    ratio = median_ratio(wall, peer)
    goal = goal_for(peer)
    cpu_goal = cpu_goal_for(peer)
    cpu_ratio = median_ratio(cpu, peer)
    tail = sprintf(" %7.3f %7s%s", ratio, cpu_ratio ? sprintf("%.3f", cpu_ratio) : "-", \
        verdict(goal, ratio))
    if (cpu_goal) tail = tail "  cpu" verdict(cpu_goal, cpu_ratio)
    print_row(peer, tail)
    extra = sprintf("\"min\":%.2f,\"max\":%.2f,\"ratio\":%.3f,", least[ours], greatest[ours], ratio)
    if (goal) extra = extra sprintf("\"goal\":%.2f,", goal)
    figure(wall_median[ours], unit_here(), extra peer_figure(peer, wall_median[peer]))
    extra = cpu_goal ? sprintf("\"ratio\":%.3f,\"goal\":%.2f,", cpu_ratio, cpu_goal) : ""
    if (peer != "ideal" && unit_here() != "KiB")
        figure(cpu_median[ours], "cpu-" unit_here(), extra peer_figure(peer, cpu_median[peer]))
}

# What is held against nobody.
function own_figures(    goal) {
    goal = own_goal()
    print_row(ours, goal ? sprintf(" %7s %7s%s", "", "", verdict(goal, wall_median[ours])) : "")
    if (goal)
        figure(wall_median[ours], unit_here(), sprintf("\"min\":%.2f,\"max\":%.2f,\"goal\":%.2f", \
            least[ours], greatest[ours], goal))
}

{
    bench = $1
    if ($2 > rounds) rounds = $2
    if (!($3 in seen)) { seen[$3] = 1; who[++contenders] = $3 }
    wall[$3, $2] = bench ~ /^memory/ ? $6 : $4
    cpu[$3, $2] = $5
    rss[$3, $2] = $6
    first[$3, $2] = $7
}

END {
    ours = who[1]
    if (!titled)
        printf "%-20s %-22s %8s  %-19s %8s %7s %8s %7s %7s\n", "bench", "who", "ns", \
            "(least..greatest)", "cpu ns", "KiB", "first us", "ours/it", "in cpu"
    for (i = 1; i <= contenders; i++) summarise(who[i])
    own_figures()
    for (i = 2; i <= contenders; i++) compare(who[i])
}
