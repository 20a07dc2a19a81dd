"""`mlcore conf`: the configuration in force."""

import click

from mlcore.cli.site import Site


@click.command()
@click.option("--check", is_flag=True, help="Say only whether the configuration can be used.")
@click.option(
    "--describe", is_flag=True, help="Print an example with every key, its default and what it means."
)
@click.option("-s", "--section", metavar="SECTION", help="Only this section.")
@click.option("-k", "--key", metavar="KEY", help="Only this key.")
@click.pass_obj
def conf(site: Site, check: bool, describe: bool, section: str | None, key: str | None) -> None:
    """Show the configuration that is in force; secrets are masked.

    With section and key: the bare value.
    """
    from mlcore.config.describe import effective, example

    if describe:
        click.echo(example(), nl=False)
        return
    settings = site.settings
    if check:
        click.echo(f"{settings.config_file or 'no file, built-in defaults'}: ok")
        return
    shown = effective(settings)
    if section is not None and section not in shown:
        raise click.UsageError(f"No such section: {section}")
    if section is not None and key is not None:
        if key not in shown[section]:
            raise click.UsageError(f"Section {section}: No such key: {key}")
        click.echo(shown[section][key])
        return
    for name, keys in shown.items():
        for known, value in sorted(keys.items()):
            if section in {None, name} and key in {None, known}:
                click.echo(f"[{name}] {known}: {value}")
