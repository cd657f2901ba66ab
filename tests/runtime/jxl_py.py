"""include/jxl/jxl.py under a plain CPython: which programs it calls main of, and with what."""
import os
import subprocess
import sys
import tempfile

HEAD = "from __future__ import annotations\nfrom jxl import *\n"
MAIN = HEAD + """
print("body")

@export
def double(x: f32[n, 3]) -> f32[n, 3]:
    return 2 * x

@extern("k.h")
def k(x: f32): ...

def main(epochs: int, lr: float = 0.1, dry_run: bool = False, name: str = "a"):
    '''Trains.'''
    print(epochs, lr, dry_run, name, double(2))
"""
HELP = """\
usage: prog.jxl [-h] --epochs EPOCHS [--lr LR] [--dry_run | --no-dry_run]
                [--name NAME]

Trains.

options:
  -h, --help            show this help message and exit
  --epochs EPOCHS       int
  --lr LR               float (default: 0.1)
  --dry_run, --no-dry_run
                        bool (default: False)
  --name NAME           str (default: a)
"""
CASES = [  # program, arguments, exit status, what it prints
    (MAIN, "--epochs 3", 0, "body\n3 0.1 False a 4\n"),
    (MAIN, "--epochs=3 --dry-run --lr 1e-2 --name b", 0, "body\n3 0.01 True b 4\n"),
    (MAIN, "--epochs 3 --dry_run --no-dry-run", 0, "body\n3 0.1 False a 4\n"),
    (MAIN, "", 2, "body\n"),
    (MAIN, "--epochs ten", 2, "body\n"),
    (MAIN, "--help", 0, "body\n" + HELP),
    (MAIN + "k(1)\n", "--epochs 3", 1, "body\n"),
    (HEAD + "def main(n: int = 3): print(n)\nif __name__ == '__main__': main(5)\n", "", 0, "5\n"),
    (HEAD + "def main(n: int = 3): print(n)\ndef other(): main(4)\n", "", 0, "3\n"),
    (HEAD + "def main():\n    raise SystemExit(7)\n", "", 7, ""),
    (HEAD + "print(f32[2, 'n'], i8)\n", "", 0, "f32[2, n] i8\n"),
]

wrong = 0
with tempfile.TemporaryDirectory() as directory:
    path = os.path.join(directory, "prog.jxl")
    env = {**os.environ, "PYTHONPATH": sys.argv[1], "COLUMNS": "80", "PYTHONDONTWRITEBYTECODE": "1"}
    for text, words, status, wanted in CASES:
        with open(path, "w") as f:
            f.write(text)
        r = subprocess.run([sys.executable, path, *words.split()], env=env, capture_output=True, text=True)
        if (r.returncode, r.stdout) != (status, wanted):
            wrong += 1
            print(f"with {words!r}: wanted {status}\n{wanted}\ngot {r.returncode}\n{r.stdout}{r.stderr}")
print(f"{len(CASES)} programs run, {wrong} of them wrong")
sys.exit(wrong > 0)
