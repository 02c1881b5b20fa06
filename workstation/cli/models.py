"""The command `models`: list models, give them away as one file, take such a file in, rename, mark the default."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workstation.cli.output import GIB, Outcome, add_command, number, table
from workstation.errors import RequestError

if TYPE_CHECKING:
    from workstation.io.model_shelf import ShelvedModel

_EPILOG = """\
list                  every model: what it reads and finds, how good it was, where it came from; * marks the default
show MODEL            its card, and the memory and time that it needs on this machine
export MODEL FILE     the model as one file with hashes, to give away
import FILE           take in such a file; what is damaged, too large or could run code is refused
rename MODEL NAME     call it NAME from now on
default MODEL         take it where no model is named
remove MODEL          delete an imported model (--yes)
MODEL is a name from the list, a model folder, a finished run, or "default".
"""


def add_commands(commands: Any) -> None:
    """Add this module's sub-command."""
    models = add_command(commands, "models", run_models, summary="list, show, export, import, rename models")
    models.formatter_class, models.epilog = argparse.RawDescriptionHelpFormatter, _EPILOG
    models.add_argument("verb", nargs="?", choices=tuple(_VERBS), default="list")
    models.add_argument("model", nargs="?", metavar="MODEL_OR_FILE")
    models.add_argument("value", nargs="?", metavar="FILE_OR_NAME")
    models.add_argument("--yes", action="store_true", help="remove without a question")


def run_models(options: argparse.Namespace) -> Outcome:
    """`workstation models`."""
    wanted = {"list": 0, "export": 2, "rename": 2}.get(options.verb, 1)
    given = [each for each in (options.model, options.value) if each is not None]
    if len(given) != wanted:
        hint = "workstation models --help says what each verb takes."
        raise RequestError(
            f"models {options.verb} takes {wanted} more words, not {len(given)}", field="model", hint=hint
        )
    return _VERBS[options.verb](options)


def list_of_models(_options: argparse.Namespace) -> Outcome:
    """`workstation models list`."""
    from workstation.io.model_shelf import default_model, shelved_models

    models = shelved_models()
    default = default_model(models)
    rows = [["model", "reads", "finds", "from", "val. Dice", "made"]]
    facts = []
    for each in models:
        is_default = each.folder == default
        card = each.card
        words = [", ".join(card.inputs), ", ".join(card.outputs)] if card else ["cannot be used", ""]
        origin = f"run {each.run}" if each.run else each.origin
        dice = card.metrics.get("val_dice") if card else None
        rows.append(
            [
                f"{each.name}{' *' if is_default else ''}",
                *words,
                origin,
                number(dice),
                card.created[:10] if card else "",
            ]
        )
        facts.append(_facts(each, is_default=is_default))
    text = table(rows, left_columns=4) if facts else "no models; `workstation train DATA` makes one"
    return Outcome({"models": facts}, text)


def show_model(options: argparse.Namespace) -> Outcome:
    """`workstation models show`."""
    from workstation.io.model_needs import needs_of
    from workstation.io.model_shelf import model_named
    from workstation.io.models import read_model_card
    from workstation.io.runs import default_runs_root, list_runs

    folder = model_named(options.model)
    card = read_model_card(folder)
    needs = needs_of(folder, card, list_runs(default_runs_root()))
    size = "x".join(map(str, needs.shape))
    lines = [
        f"{card.name}  ({folder})",
        f"reads {', '.join(card.inputs)}; finds {', '.join(card.outputs)}; made {card.created or 'at an unknown time'}",
        f"memory for {size}: {needs.memory_bytes / GIB:.2f} GiB, estimated",
        _time_words(needs.estimated_seconds, needs.measured_seconds, needs.measured_count),
        *(f"{name}: {value:.4f}" for name, value in card.metrics.items()),
        f"licence: {card.licence or '-'}   {card.limits}",
        f"sha256 {card.sha256}, verified; no code in it",
    ]
    data = {"folder": str(folder), "card": card.as_dict(), "needs": needs.as_dict()}
    return Outcome(data, "\n".join(line for line in lines if line))


def export_file(options: argparse.Namespace) -> Outcome:
    """`workstation models export`."""
    from workstation.io.files import sha256_of
    from workstation.io.model_exchange import export_model
    from workstation.io.model_shelf import model_named

    path = export_model(model_named(options.model), Path(options.value))
    digest = sha256_of(path)
    return Outcome(
        {"file": str(path), "bytes": path.stat().st_size, "sha256": digest}, f"wrote {path}\nsha256 {digest}"
    )


def import_file(options: argparse.Namespace) -> Outcome:
    """`workstation models import`."""
    from workstation.io.model_exchange import import_model
    from workstation.io.models import read_model_card
    from workstation.io.places import user_models_folder

    folder = import_model(Path(options.model), user_models_folder())
    card = read_model_card(folder, verify=False)
    return Outcome(
        {"folder": str(folder), "name": card.name, "sha256": card.sha256}, f"imported {card.name} to {folder}"
    )


def rename(options: argparse.Namespace) -> Outcome:
    """`workstation models rename`."""
    from workstation.io.model_shelf import model_named, rename_model

    folder = model_named(options.model)
    card = rename_model(folder, options.value)
    return Outcome({"folder": str(folder), "name": card.name}, f"{folder} is called {card.name} now")


def set_default(options: argparse.Namespace) -> Outcome:
    """`workstation models default`."""
    from workstation.io.model_shelf import mark_default, model_named

    folder = model_named(options.model)
    card = mark_default(folder)
    return Outcome({"folder": str(folder), "name": card.name}, f"{card.name} is the default now")


def remove(options: argparse.Namespace) -> Outcome:
    """`workstation models remove`."""
    from workstation.io.model_shelf import model_named, remove_model

    folder = model_named(options.model)
    if not options.yes:
        raise RequestError(f"{folder} would be deleted", field="yes", hint="Say so with --yes.")
    remove_model(folder)
    return Outcome({"removed": str(folder)}, f"removed {folder}")


_VERBS: Mapping[str, Callable[[argparse.Namespace], Outcome]] = {
    "list": list_of_models,
    "show": show_model,
    "export": export_file,
    "import": import_file,
    "rename": rename,
    "default": set_default,
    "remove": remove,
}


def _facts(model: ShelvedModel, *, is_default: bool) -> dict[str, Any]:
    card, problem = model.card, model.model.problem
    return {
        "name": model.name,
        "folder": str(model.folder),
        "origin": model.origin,
        "run": model.run or None,
        "is_default": is_default,
        "inputs": list(card.inputs) if card else None,
        "outputs": list(card.outputs) if card else None,
        "metrics": dict(card.metrics) if card else None,
        "sha256": card.sha256 if card else None,
        "problem": problem.message if problem else None,
    }


def _time_words(estimated: float | None, measured: float | None, count: int) -> str:
    words = [] if estimated is None else [f"{estimated:.1f} s of computing, estimated for this machine"]
    if measured is not None:
        words.append(f"{measured:.1f} s a case from files to mask, the median of {count} here")
    return (
        f"time: {'; '.join(words)}"
        if words
        else "time: unknown here; `workstation estimate --calibrate` measures the machine"
    )
