"""What Windows lacks or does otherwise, as far as another system can tell: the package works without it.

Nobody has run the project on Windows itself; see docs/reliability.md.
"""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sim.scenario import Scenario, ScenarioError
from sim.studies.errors import RequestError
from sim.studies.store import lock, own
from sim.studies.store.parts import write_whole
from sim.studies.study_files import Study

ROOT = Path(__file__).parents[1]
ABSENT = {
    "os": "pwrite pread pwritev preadv fork forkpty getuid geteuid getgid getegid setuid killpg setsid getpgid setpgid sync fdatasync "
    "sched_getaffinity sched_setaffinity mkfifo mknod statvfs fstatvfs uname getloadavg wait3 wait4 chown lchown fchown fchmod chroot nice sysconf "
    "confstr openpty ttyname ctermid posix_fallocate posix_spawn register_at_fork O_NOFOLLOW O_DIRECTORY O_NONBLOCK O_CLOEXEC O_SYNC O_DSYNC "
    "getgrouplist initgroups readv writev sendfile setpriority getpriority lockf tcgetpgrp WIFSIGNALED WEXITSTATUS WTERMSIG",
    "signal": "SIGKILL SIGHUP SIGALRM SIGUSR1 SIGUSR2 SIGSTOP SIGCONT SIGCHLD SIGQUIT SIGTSTP SIGWINCH SIGPIPE alarm pause setitimer getitimer "
    "pthread_kill pthread_sigmask sigwait siginterrupt",
    "time": "tzset clock_gettime clock_gettime_ns clock_settime CLOCK_MONOTONIC CLOCK_REALTIME",
    "socket": "AF_UNIX sethostname",
    "multiprocessing": "",
}
MODULES = {
    "fcntl",
    "resource",
    "pwd",
    "grp",
    "termios",
    "tty",
    "pty",
    "posix",
    "syslog",
    "curses",
    "readline",
    "spwd",
    "crypt",
}

TAKEN = "fork forkpty pwrite pread getuid geteuid killpg setsid sync fdatasync sched_getaffinity sched_setaffinity getloadavg O_NOFOLLOW O_DIRECTORY nice"
"""What is really taken away: what libraries use only where they know themselves on Windows must stay."""
POISON = f"""
import os, subprocess, sys  # subprocess knows Windows by its msvcrt
from types import ModuleType
import fcntl as real
for module in {sorted(MODULES - {"posix"})!r}:
    sys.modules[module] = None
for name in {TAKEN!r}.split():
    delattr(os, name)

def kill(pid, number):
    raise AssertionError("os.kill(pid, 0) sends Ctrl-C on Windows")

os.kill = kill
os.O_BINARY = 0
windows = ModuleType("msvcrt")
windows.LK_NBLCK, windows.LK_UNLCK = 2, 0

def locking(descriptor, mode, count):
    what = real.LOCK_UN if mode == windows.LK_UNLCK else real.LOCK_EX | real.LOCK_NB
    try:
        real.lockf(descriptor, what, count, os.lseek(descriptor, 0, os.SEEK_CUR))
    except OSError as error:
        raise PermissionError(13, "Permission denied") from error

windows.locking = locking
sys.modules["msvcrt"] = windows
"""
"""Takes from Python, in every process, what it does not have on Windows, and gives it the lock that it has there."""


@pytest.fixture
def elsewhere(tmp_path):
    """The environment of a process, and of those that it starts, in which Python has only what it has on Windows."""
    (tmp_path / "poison").mkdir()
    (tmp_path / "poison" / "sitecustomize.py").write_text(POISON)
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path / "poison"), str(ROOT)])}


def python(code, env, **options):
    code = f"from sim.studies.store import lock\nlock.ASKED_BY_SIGNAL = False\n{code}"
    return subprocess.Popen(
        [sys.executable, "-c", code], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )


def said(process, code=0):
    out, err = process.communicate(timeout=120)
    assert process.returncode == code, out + err
    return out + err


STUDY = """
import sys
from sim import run_study
from sim.report import study_page
from sim.studies.execution.verify import verify
from tests.study_market import StudyMarket, compare_study, not_drawn
study_page.save_figure = not_drawn
study = compare_study(replications=2)
run_study(study, sys.argv[1], workers=2, model_class=StudyMarket, executor=sys.argv[2])
done = run_study(study, sys.argv[1], workers=2, model_class=StudyMarket, resume=True, executor="inline")
print(len(done.results.outcomes()), "runs,", verify(sys.argv[1], 1, StudyMarket)["problems"])
"""


class TestWithoutWhatWindowsLacks:
    @pytest.mark.slow
    def test_a_study_runs_in_spawned_processes_is_gone_on_with_and_verified(self, elsewhere, tmp_path):
        code = STUDY.replace("sys.argv[1]", repr(str(tmp_path / "out"))).replace("sys.argv[2]", "'processes'")
        assert "6 runs, []" in said(python(code, elsewhere, cwd=ROOT))

    def test_one_study_at_a_time_and_a_dead_holder_lets_go(self, elsewhere, tmp_path):
        hold = f"from pathlib import Path\nwith lock.held(Path({str(tmp_path)!r})) as before:\n    print(before, flush=True)\n    input()"
        first = python(hold, elsewhere, stdin=subprocess.PIPE)
        assert first.stdout.readline() == "None\n"
        assert f"another study is at work in {tmp_path} (process {first.pid} on" in said(python(hold, elsewhere), 1)
        first.kill()
        first.communicate()
        second = python(hold, elsewhere, stdin=subprocess.PIPE)
        assert second.stdout.readline().startswith(f"process {first.pid} on")
        second.communicate("\n", timeout=60)
        assert second.returncode == 0
        assert not (tmp_path / lock.LOCK).read_bytes()

    def test_where_nothing_tells_the_holder_counts_as_alive(self, tmp_path, monkeypatch):
        """Neither a lock of the system nor a process to ask: who may be at work is not disturbed, and the message says the way out."""
        monkeypatch.setattr(lock, "fcntl", None)
        monkeypatch.setattr(lock, "ASKED_BY_SIGNAL", False)
        monkeypatch.setattr(os, "kill", lambda *_: pytest.fail("asked"))
        with lock.held(tmp_path):
            pass
        (tmp_path / lock.LOCK).write_text(json.dumps({"pid": 2**22 + 1, "host": lock.platform.node(), "began": None}))
        with (
            pytest.raises(RequestError, match=r"If that process is gone, delete .*\.lock: nothing else is lost"),
            lock.held(tmp_path),
        ):
            pass


def test_a_file_that_something_has_open_for_a_moment_gets_its_name_a_moment_later(tmp_path, monkeypatch):
    monkeypatch.setattr(own, "PATIENCE", (0.0, 0.0))
    real, tries = Path.replace, []

    def busy(path, target):
        tries.append(target)
        if len(tries) < 3:
            raise PermissionError(13, "Permission denied")
        return real(path, target)

    monkeypatch.setattr(Path, "replace", busy)
    write_whole(tmp_path / "record.json", b"{}")
    assert len(tries) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["record.json"]


@pytest.mark.parametrize(
    "text", [r"C:\Users\me\mine.yaml", r"C:mine.yaml", r"\\server\share\mine.yaml", r"..\mine.yaml"]
)
def test_a_path_of_windows_is_a_path_and_no_name(text):
    """It is said to be missing, instead of being compared with the names of what ships."""
    for load, error in ((Scenario.load, ScenarioError), (Study.load, ScenarioError)):
        with pytest.raises(error) as caught:
            load(text)
        assert "no such file" in str(caught.value)


class Absent(ast.NodeVisitor):
    """Finds what a module asks of the system that Windows does not have, outside of `try` and of a question with `hasattr`."""

    def __init__(self):
        self.found, self.guarded = [], 0

    def note(self, what, node):
        if not self.guarded:
            self.found.append(f"{what}, line {node.lineno}")

    def visit_Try(self, node):
        caught = {
            name.id
            for handler in node.handlers
            for name in ast.walk(handler.type or node)
            if isinstance(name, ast.Name)
        }
        safe = bool(caught & {"ImportError", "AttributeError"})
        self.guarded += safe
        for child in node.body:
            self.visit(child)
        self.guarded -= safe
        for child in [*node.handlers, *node.orelse, *node.finalbody]:
            self.visit(child)

    def visit_IfExp(self, node):
        safe = "hasattr" in ast.unparse(node.test)
        self.guarded += safe
        self.generic_visit(node)
        self.guarded -= safe

    visit_If = visit_IfExp

    def visit_Attribute(self, node):
        if isinstance(node.value, ast.Name) and node.attr in ABSENT.get(node.value.id, "").split():
            self.note(f"{node.value.id}.{node.attr}", node)
        self.generic_visit(node)

    def visit_Import(self, node):
        for alias in node.names:
            if alias.name.split(".")[0] in MODULES:
                self.note(f"import {alias.name}", node)

    def visit_ImportFrom(self, node):
        for alias in node.names:
            if node.module in MODULES or alias.name in ABSENT.get(node.module or "", "").split():
                self.note(f"from {node.module} import {alias.name}", node)

    def visit_Call(self, node):
        """Text is read and written in UTF-8 and not in what a system takes for usual."""
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        given = {keyword.arg for keyword in node.keywords}
        binary = any(isinstance(arg, ast.Constant) and "b" in str(arg.value) for arg in node.args)
        if (
            name in ("read_text", "write_text")
            and "encoding" not in given
            and len(node.args) < (name == "write_text") + 1
        ):
            self.note(f"{name} without an encoding", node)
        if name == "write_text" and "newline" not in given:
            self.note("write_text with the line ends of this system", node)
        if name == "to_csv" and node.args and "lineterminator" not in given:
            self.note("to_csv with the line ends of this system", node)
        if name == "str" and any(
            isinstance(arg, ast.Call) and ast.unparse(arg.func).endswith("relative_to") for arg in node.args
        ):
            self.note("str of a relative path, with the separators of this system", node)
        if ast.unparse(node.func) == "open" and "encoding" not in given and not binary:
            self.note("open without an encoding", node)
        self.generic_visit(node)


def absent(code):
    visitor = Absent()
    visitor.visit(ast.parse(code))
    return visitor.found


def test_the_package_asks_the_system_for_nothing_that_windows_lacks():
    files = [*(ROOT / "sim").rglob("*.py"), ROOT / "make_venv.py"]
    found = {path.relative_to(ROOT).as_posix(): absent(path.read_text(encoding="utf-8")) for path in files}
    assert not {name: what for name, what in found.items() if what}


def test_the_search_for_what_windows_lacks_finds_it():
    assert (
        len(
            absent(
                "import os, fcntl\nos.pwrite(1, b'', 0)\nPath('a').read_text()\nopen('a')\nsignal.SIGKILL\nstr(a.relative_to(b))\n"
                "Path('a').write_text('b', encoding='utf-8')\nframe.to_csv(path)"
            )
        )
        == 8
    )
    assert not absent("n = os.sched_getaffinity(0) if hasattr(os, 'sched_getaffinity') else 1\nopen('a', 'rb')")
