"""Runs programs under CPython with JAX and writes what they print to NAME.out.  Started by bless.sh.

Where a program goes beyond JAX, NAME.py beside NAME.out says the same in JAX's words and is run instead.  Every program
runs in a process of its own, forked after the imports and before JAX has started anything.
"""
import os
import re
import runpy
import sys
from importlib.metadata import version
from pathlib import Path

os.environ["JAX_PLATFORMS"] = "cpu"
import jax
import jax.numpy
import jax.scipy.special
import numpy

here = Path(__file__).resolve().parent
top = here.parent.parent


def programs():
    """Each program with its expected output."""
    for path in sorted(here.glob("**/*.jxl")):
        yield path, path.with_suffix(".out")
    for path in sorted((top / "samples").glob("*.jxl")):
        yield path, here / "samples" / (path.stem + ".out")


def run(path, out):
    """True where the program ended well; its output is then in `out`."""
    twin = out.with_suffix(".py")
    source = twin if twin.exists() else path
    args = re.search(r"^# args: (.*)$", path.read_text(), re.M)
    temporary = out.with_suffix(".new")
    argv = [str(source)] + (args.group(1).split() if args else [])
    library = str(top / "include" / "jxl")
    devices = re.search(r"^# devices: (\d+)$", path.read_text(), re.M)
    child = os.fork()
    if child == 0:
        if devices: os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=" + devices.group(1)
        os.chdir(top)
        os.dup2(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), 1)
        if "from jxl import" in source.read_text():  # runs main at the end of the process: needs one from its start
            os.environ["PYTHONPATH"] = library
            os.execv(sys.executable, [sys.executable] + argv)
        sys.argv = argv
        sys.path.insert(0, str(source.parent))
        status = 1
        try:
            try: runpy.run_path(str(source), run_name="__main__")
            except SystemExit as e:
                if e.code: raise
            sys.stdout.flush()
            status = 0
        except BaseException as e:
            import traceback
            traceback.print_exc()
        os._exit(status)
    status = os.waitpid(child, 0)[1]
    if status == 0:
        os.replace(temporary, out)
    else:
        temporary.unlink()
        print(f"{source}: failed", file=sys.stderr)
    return status == 0


wanted = {Path(p).resolve() for p in sys.argv[1:] if p != "--all"}
every = "--all" in sys.argv
failed = 0
for path, out in programs():
    if every or path in wanted or (not wanted and not out.exists()):
        out.parent.mkdir(exist_ok=True)
        failed += not run(path, out)
if every:
    packages = "".join(f"{name} {version(name)}\n" for name in ["jax", "numpy", "matplotlib", "safetensors"])
    (here / "VERSIONS").write_text(f"python {sys.version.split()[0]}\n{packages}")
sys.exit(failed != 0)
