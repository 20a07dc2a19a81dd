"""`mlcore completion`: what a shell has to be told so that it completes commands, options and lists."""

from typing import Final

import click

_VARIABLE: Final = "_MLCORE_COMPLETE"

_BASH: Final = r"""# Completion of mlcore for bash: eval "$(mlcore completion bash)"
_mlcore_completion() {
    local line=${COMP_LINE:0:COMP_POINT} words current cut reply kind value
    read -ra words <<<"$line"
    [[ $line == *[[:blank:]] ]] && words+=("")
    current=${words[-1]}
    # For readline a word begins anew behind an @ or a colon: it gets only what follows them.
    cut=
    [[ $COMP_WORDBREAKS == *@* && $current == *@* ]] && cut=${current%@*}@
    [[ $COMP_WORDBREAKS == *:* && ${current#"$cut"} == *:* ]] && cut=${current%:*}:
    COMPREPLY=()
    while IFS=, read -r kind value; do
        case $kind in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain) COMPREPLY+=("${value#"$cut"}") ;;
        esac
    done < <(
        export COMP_WORDS=$line COMP_CWORD=$((${#words[@]} - 1)) _MLCORE_COMPLETE=bash_complete
        "$1" 2>/dev/null
    )
}
complete -o nosort -F _mlcore_completion mlcore
"""


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion for a shell.

    \b
    bash: eval "$(mlcore completion bash)" in ~/.bashrc
    zsh:  eval "$(mlcore completion zsh)" in ~/.zshrc, behind compinit
    fish: mlcore completion fish > ~/.config/fish/completions/mlcore.fish
    """  # noqa: D301  (click wants the character itself)
    if shell == "bash":
        click.echo(_BASH, nl=False)
        return
    from click.shell_completion import get_completion_class

    made = get_completion_class(shell)
    assert made is not None
    click.echo(made(ctx.find_root().command, {}, "mlcore", _VARIABLE).source())
