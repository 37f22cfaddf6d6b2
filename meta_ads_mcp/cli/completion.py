"""Scripts that complete commands, options and tool names in a shell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from meta_ads_mcp.cli.parser import FLAGS, PROGRAM

Shell = Literal["bash", "zsh", "fish"]
_BASH = """\
_{name}() {{
  local word="${{COMP_WORDS[COMP_CWORD]}}" words="{commands}"
  case "$word" in
    -*) words="{options}" ;;
    ads_* | facebook_*) words="{tools}" ;;
    *) [ "${{COMP_WORDS[1]}}" = call ] && words="{tools}" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}}
complete -F _{name} {program} meta-ads-local-mcp"""
_ZSH = "autoload -U +X bashcompinit && bashcompinit\n"
_FISH = """\
complete -c {program} -f
complete -c {program} -n __fish_use_subcommand -a "{commands}"
complete -c {program} -n "__fish_seen_subcommand_from call" -a "{tools}"
{options}"""


def script(shell: Shell, commands: Sequence[str], tools: Sequence[str]) -> str:
    """Return the script for the shell to read."""
    options = [*(flag.option for flag in FLAGS), "--env-file", "--help"]
    if shell == "fish":
        lines = "\n".join(f"complete -c {PROGRAM} -l {option.removeprefix('--')}" for option in options)
        return _FISH.format(program=PROGRAM, commands=" ".join(commands), tools=" ".join(tools), options=lines)
    text = _BASH.format(
        name=PROGRAM.replace("-", "_"),
        program=PROGRAM,
        commands=" ".join(commands),
        options=" ".join(options),
        tools=" ".join(tools),
    )
    return f"{_ZSH}{text}" if shell == "zsh" else text
