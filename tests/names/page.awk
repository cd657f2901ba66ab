# compiler/NAMES.md from what run.sh found: a table of pages, then the names that are missing on each.
BEGIN {
    print "# The names of JAX that the library has\n"
    print "Made by `sh tests/names/run.sh build/jxlc --page` from `jxlc --help-names` and the names on the pages of JAX's"
    print "documentation; a test says when it no longer holds. What a missing name is refused with tells what to write instead.\n"
    print "Not there at all: `jax.sharding`, `jax.distributed` and what else only shards, `jax.profiler`, `jax.export`, `jax.ffi`,"
    print "`jax.ref`, `jax.experimental.sparse`.\n"
    print "| page | names | there | missing |"
    print "|---|---|---|---|"
}
{
    page = $1; gsub(/[][]/, "", page)
    there = $2; all = $4; sub(/;/, "", all)
    lost = $0; sub(/.*missing: ?/, "", lost)
    gsub(/ /, "`, `", lost)
    printf "| `%s` | %d | %d | %s |\n", page, all, there, lost == "" ? "" : "`" lost "`"
}
