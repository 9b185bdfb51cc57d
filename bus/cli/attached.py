"""Run a command that ends when its parent does: `attached.py PARENT_PID COMMAND ARGUMENT…`.

Started by path, without site packages, so that it costs next to nothing. On Linux the kernel sends SIGTERM to the
command when the parent dies, however it dies; elsewhere the command just runs.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() == parent:  # it may have died before the line above
        os.execvp(command[0], command)  # noqa: S606 - the supervisor's own command line


if __name__ == "__main__":
    main()
