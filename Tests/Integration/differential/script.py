"""A case as SQL for people."""

from .case import Change, Definition, Drop, Restart


def script(case):
    """The steps; what psql cannot do is in comments."""
    lines = []
    for step in case.steps:
        if isinstance(step, Restart):
            how = "kill -9" if step.is_kill else "stop"
            flags = " ".join(map(str, step.flags()))
            lines.append(f"-- start {flags}" if not lines else f"-- {how}, start {flags}")
        elif isinstance(step, (Definition, Drop)):
            lines.append(step.statement() + ";")
        elif isinstance(step, Change):
            lines += [sql + ";" for sql in step.sqls()]
    return "\n".join(lines)
