"""Folders of model files as they lie on disks, and what the loaders' drop-downs make of them."""

import shutil
from collections.abc import Callable
from pathlib import Path

from pack.tests.doors.table import Case, Refused

Folders = dict[str, Path]  # category -> its folder


def files(*names: str) -> Callable[[Folders], None]:
    """Puts files there, each named category:path."""

    def write(folders: Folders) -> None:
        for name in names:
            category, path = name.split(":")
            file = folders[category] / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(name)

    return write


def renamed(folder: str) -> Callable[[Folders], None]:
    """A folder of the models has another name all at once, while the server runs; "" is the category's own."""

    def rename(folders: Folders) -> None:
        import folder_paths

        files("magicanimate:a/net.safetensors", "magicanimate:b/net.safetensors")(folders)
        folder_paths.get_filename_list("magicanimate")  # the host remembers what it saw
        place = folders["magicanimate"] / folder
        shutil.move(place, place.with_name(f"{place.name}_old") if not folder else folders["controlnet"] / "old")

    return rename


def same_folder(folders: Folders) -> None:
    """extra_model_paths.yaml may give two categories one folder."""
    import folder_paths

    files("magicanimate:net.safetensors")(folders)
    folder_paths.add_model_folder_path("controlnet", str(folders["magicanimate"]))


def offers(*names: str) -> Callable:
    def check(found: dict[str, str]) -> None:
        assert list(found) == list(names)

    return check


def opens(**contents: str) -> Callable:
    """Drop-downs show these names, and each opens the file that was written as so."""

    def check(found: dict[str, str]) -> None:
        assert found == {name.replace("__", "/") + ".safetensors": text for name, text in contents.items()}

    return check


FOLDERS = [
    Case("no file at all", files(), offers()),
    Case("one file", files("magicanimate:net.safetensors"), opens(net="magicanimate:net.safetensors")),
    Case("the usual folder of ControlNets", files("controlnet:net.safetensors"), opens(net="controlnet:net.safetensors")),
    Case("two files of one name", files("magicanimate:net.safetensors", "controlnet:net.safetensors"),
         opens(controlnet__net="controlnet:net.safetensors", net="magicanimate:net.safetensors")),
    Case("two files of one name in folders of one name",
         files("magicanimate:a/net.safetensors", "controlnet:a/net.safetensors"),
         opens(a__net="magicanimate:a/net.safetensors", controlnet__a__net="controlnet:a/net.safetensors")),
    Case("a folder that is called as the other category",
         files("magicanimate:net.safetensors", "magicanimate:controlnet/net.safetensors", "controlnet:net.safetensors"),
         opens(controlnet__net="magicanimate:controlnet/net.safetensors",
               models__controlnet__net="controlnet:net.safetensors", net="magicanimate:net.safetensors")),
    Case("two categories in one folder", same_folder, opens(net="magicanimate:net.safetensors")),
    Case("densepose first", files("magicanimate:a.safetensors", "controlnet:my_densepose.pth"),
         offers("my_densepose.pth", "a.safetensors")),
    Case("no model files", files("magicanimate:config.json", "magicanimate:README.md"), offers()),
    Case("the category's folder renamed", renamed(""), offers()),
    Case("a folder inside moved away", renamed("a"), offers("b/net.safetensors", "old/net.safetensors")),
]  # fmt: skip


def holds(text: str) -> Callable[[str], None]:
    def check(path: str) -> None:
        assert Path(path).read_text() == text

    return check


NAMES = [  # of a saved workflow
    Case("as it was saved", lambda: "net.safetensors", holds("magicanimate:net.safetensors")),
    Case("in a folder", lambda: "sub/net.safetensors", holds("magicanimate:sub/net.safetensors")),
    Case("of two, the second", lambda: "controlnet/net.safetensors", holds("controlnet:net.safetensors")),
    Case("a file that is gone", lambda: "gone.safetensors", Refused("gone.safetensors is in none of the model folders")),
    Case("a file outside", lambda: "../../secret.safetensors", Refused("is in none of the model folders")),
    Case("no name", lambda: "", Refused("is in none of the model folders")),
]
