"""Runs one program that cannot outlive its parent, as an unprivileged user where that is asked.

    python -I -S tether.py PARENT_PID UID:GID|- PROGRAM ARGUMENT…

A process of its own, and not a `preexec_fn`: forking Python code from a program that has threads
may deadlock. It imports nothing but the standard library, because it is run by path, as root.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Become the program named on the command line; never returns."""
    parent, account, *command = sys.argv[1:]
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
    if account != "-":
        uid, gid = map(int, account.split(":"))
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    # After the change of user, which clears it. SIGINT is PostgreSQL's fast, clean shutdown.
    if libc is not None and libc.prctl(PR_SET_PDEATHSIG, signal.SIGINT) != 0:
        sys.exit(f"prctl failed: {os.strerror(ctypes.get_errno())}")
    # The parent may have died before the kernel was asked to tell.
    if os.getppid() != int(parent):
        sys.exit("the process that started this one is gone")
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
