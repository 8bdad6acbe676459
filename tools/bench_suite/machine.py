"""What was measured on: the machine, the compiler, the allocator, the versions; and who else used its processors."""
import os
import platform
import re
import shutil
import subprocess
import time
from pathlib import Path


def read(path):
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""


def first_line(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, stdin=subprocess.DEVNULL)
        return (done.stdout or done.stderr).strip().splitlines()[0] if done.returncode == 0 else ""
    except (OSError, IndexError, subprocess.TimeoutExpired):
        return ""


def package(name):
    return first_line("dpkg-query", "-W", "-f=${Version}", name) if shutil.which("dpkg-query") else ""


def cached(build, name):
    found = re.search(rf"^{name}:[A-Z]*=(.*)$", read(Path(build) / "CMakeCache.txt"), re.M)
    return found.group(1) if found else ""


def compiler_flags(build):
    flags = cached(build, "CMAKE_CXX_FLAGS").split()
    flags += cached(build, "CMAKE_CXX_FLAGS_" + cached(build, "CMAKE_BUILD_TYPE").upper()).split()
    if cached(build, "CMAKE_INTERPROCEDURAL_OPTIMIZATION") == "ON":
        flags.append("-flto=thin")
    return " ".join(flags)


def allocator_library(name):
    """What is preloaded to measure with an allocator: nothing for the C library's. None: it is not here."""
    if name == "glibc":
        return ""
    for folder in ("/usr/lib", "/usr/local/lib", f"/usr/lib/{platform.machine()}-linux-gnu"):
        for library in sorted(Path(folder).glob(f"lib{name}.so*")):
            return str(library)
    return None


def describe(root, build, python):
    """The block that every report carries."""
    info = read("/proc/cpuinfo")
    model = re.search(r"^model name\s*: (.*)$", info, re.M)
    compiler = cached(build, "CMAKE_CXX_COMPILER")
    governor = read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
    versions = {
        "oneTBB": package("libtbb-dev"),
        "Asio": package("libasio-dev"),
        "libuv": package("libuv1-dev"),
        "moodycamel": package("libconcurrentqueue-dev"),
        "tokio": package("librust-tokio-dev"),
        "rayon": package("librust-rayon-dev"),
        "rustc": first_line(str(Path(cached(build, "BENCH_CARGO") or "cargo").with_name("rustc")), "--version"),
        "Go": first_line(cached(build, "BENCH_GO") or "go", "version"),
        "Python": first_line(python, "--version"),
        "uvloop": first_line(python, "-P", "-c", "import uvloop; print(uvloop.__version__)"),
        "nginx": package("nginx"),
        "mimalloc": package("libmimalloc-dev"),
        "glibc": platform.libc_ver()[1],
    }
    return {
        "processor": model.group(1) if model else platform.processor() or platform.machine(),
        "processors": os.cpu_count(),
        "usable_processors": len(os.sched_getaffinity(0)),
        "virtual": "hypervisor" in info,
        "quota": read("/sys/fs/cgroup/cpu.max"),
        "governor": governor or "unknown",
        "kernel": platform.release(),
        "huge_pages": read("/sys/kernel/mm/transparent_hugepage/enabled"),
        "compiler": first_line(compiler, "--version") if compiler else "",
        "flags": compiler_flags(build),
        "source": first_line("git", "-C", str(root), "describe", "--always", "--dirty", "--tags"),
        "date": time.strftime("%Y-%m-%d %H:%M:%S %z"),
        "settings": {name: value for name, value in sorted(os.environ.items()) if name.startswith("HOCKET_")},
        "load": read("/proc/loadavg").split(" ")[0],
        "versions": {name: version for name, version in versions.items() if version},
    }


class Processors:
    """Time of all processors, in seconds, as the kernel counts it: by everybody, and stolen by the hypervisor."""

    def __init__(self, text=None):
        fields = (text if text is not None else read("/proc/stat")).split("\n", 1)[0].split()[1:]
        ticks = [int(field) for field in fields] + [0] * 8
        unit = os.sysconf("SC_CLK_TCK")
        self.busy = sum(ticks[:3]) / unit  # user, nice, system: what a process is charged with
        self.stolen = ticks[7] / unit


def foreign(before, after, own):
    """Seconds of processor that others took between two looks, `own` being what our processes used."""
    return max(0.0, after.busy - before.busy - own) + (after.stolen - before.stolen)
