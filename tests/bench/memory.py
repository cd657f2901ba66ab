"""What JAX needs for a row, in bytes: arguments, results and temporaries as it plans them, and what its process grows by."""
import jax


def held(line):
    return int(next(text for text in open("/proc/self/status") if text.startswith(line)).split()[1]) << 10


def memory(name, f, args):
    compiled = jax.jit(f).lower(*args).compile()
    plan = compiled.memory_analysis()
    with open("/proc/self/clear_refs", "w") as peak:  # the most that was held is what is held now
        peak.write("5")
    given, before = sum(x.nbytes for x in jax.tree.leaves(args)), held("VmRSS")
    jax.block_until_ready(compiled(*args))
    planned = plan.argument_size_in_bytes + plan.output_size_in_bytes - plan.alias_size_in_bytes + plan.temp_size_in_bytes
    print(name, planned, given + held("VmHWM") - before)
