"""`gatepost NOUN VERB …`: the commands of all services. One is imported only when it is called for, so that a service
can be installed without what the others need."""

import sys
from importlib import import_module
from typing import Final

COMMANDS: Final = {
    "accounts import": "services.auth.import_command",
    "audit export": "services.auth.audit_command",
}


def main() -> None:
    """The module's `main` gets the words after the verb."""
    module = COMMANDS.get(" ".join(sys.argv[1:3]))
    if module is None:
        asked = sys.argv[1:] in (["-h"], ["--help"])
        offered = "".join(f"  gatepost {command} …\n" for command in COMMANDS)
        (sys.stdout if asked else sys.stderr).write(f"usage:\n{offered}")
        raise SystemExit(0 if asked else 2)
    import_module(module).main(sys.argv[3:])


if __name__ == "__main__":
    main()
