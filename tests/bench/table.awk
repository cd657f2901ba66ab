# The lines that run.sh gathers, "WHO ROW SECONDS [READ WRITTEN FLOPS WIDTH]", as a table: medians, ratios, and parts of the limit,
# which is the most that was ever measured.

function number(x) {
    return x == "" ? "-" : x < 0.01 ? sprintf("%.1f us", x * 1e6) : x < 1 ? sprintf("%.1f ms", x * 1e3) : sprintf("%.2f s", x)
}

# of what a row took in each of the rounds
function median(row, who,    n, i, k, x, sorted) {
    n = times[row, who]
    for (i = 1; i <= n; i++) {
        x = value[row, who, i]
        for (k = i; k > 1 && sorted[k - 1] > x; k--) sorted[k] = sorted[k - 1]
        sorted[k] = x
    }
    return n == 0 ? "" : n % 2 ? sorted[(n + 1) / 2] : (sorted[n / 2] + sorted[n / 2 + 1]) / 2
}

function ratio(row, other, mine) {
    return times[row, other] && times[row, mine] ? sprintf("%.2f", median(row, other) / median(row, mine)) : "-"
}

# The least seconds in which this machine can read, write and multiply what a row must: at the nearest size that was measured.
function limit(row, cores,    bytes, best, distance, i, kind, least, flops) {
    bytes = read[row] + written[row]
    best = ""
    kind = (written[row] * 8 < read[row] ? "read" : "copy") cores
    for (i = 1; i <= sizes; i++) {
        distance = size[i] > bytes ? size[i] / bytes : bytes / size[i]
        if (best == "" || distance < best) { best = distance; least = bytes / rate(kind, size[i]) }
    }
    flops = work[row] / rate("flops" cores, width[row])
    return flops > least ? flops : least
}
function rate(kind, at) { return most["limit-" kind " " at] }

$1 ~ /^limit/ {
    cores = substr($1, 6)
    key = $2 cores " " $3
    if ($4 > most[key]) most[key] = $4
    if ($2 == "limit-read" && !known[$3]++) size[++sizes] = $3
    next
}
$1 == "group" { group = $2; next }
{
    value[$2, $1, ++times[$2, $1]] = $3
    if ($1 == "jxl" && !seen[$2]++) { names[++count] = $2; group_of[$2] = group }
    if ($1 == "jxl" && NF == 7) { read[$2] = $4; written[$2] = $5; work[$2] = $6; width[$2] = $7 }
}
END {
    line = "%-30s %11s %6s %7s %7s %7s %7s   %11s %6s %7s %7s %7s  %9s\n"
    printf line, "", "jxl, 1 core", "limit", "JAX", "NumPy", "oneDNN", "cc -O3", "jxl, all", "limit", "JAX", "NumPy", "oneDNN", "function"
    for (i = 1; i <= count; i++) {
        name = names[i]
        if (group_of[name] != last) { last = group_of[name]; print "== " last }
        mine = median(name, "jxl")
        all = median(name, "jxl-all")
        mine_text = name ~ /iB$/ ? sprintf("%.1f", mine) : number(mine)
        function_name = name
        cost = sub(/-(gradient|jacobian)/, "", function_name) && times[function_name, "jxl"] ? sprintf("%.2f", mine / median(function_name, "jxl")) : "-"
        part = name in width ? sprintf("%.2f", limit(name, "") / mine) : "-"
        part_all = name in width && all != "" ? sprintf("%.2f", limit(name, "-all") / all) : "-"
        printf line, name, mine_text, part, ratio(name, "jax", "jxl"), ratio(name, "numpy", "jxl"), ratio(name, "onednn", "jxl"),
            ratio(name, "c", "jxl"), number(all), part_all, ratio(name, "jax-all", "jxl-all"), ratio(name, "numpy-all", "jxl-all"),
            ratio(name, "onednn-all", "jxl-all"), cost
    }
}
