"""Reads the options of the tree as Buildroot would, with stubs for Buildroot's own, and sets them."""
import os
import sys
import tempfile

import kconfiglib

tree = sys.argv[1]
os.environ["BR2_EXTERNAL_FIXPART_PATH"] = tree
stubs = "BR2_PACKAGE_HOST_RUSTC_TARGET_ARCH_SUPPORTS BR2_STATIC_LIBS BR2_PACKAGE_HOST_RUSTC " \
    "BR2_PACKAGE_SKELETON_INIT_NONE BR2_ROOTFS_SKELETON_DEFAULT"
text = "".join(f'config {name}\n\tbool "{name}"\n' for name in stubs.split())
text += f'choice\n\tprompt "Init system"\nconfig BR2_INIT_BUSYBOX\n\tbool "BusyBox"\nsource "{tree}/provides/init.in"\n'
text += f'endchoice\nsource "{tree}/Config.in"\n'
with tempfile.NamedTemporaryFile("w", suffix=".in") as top:
    top.write(text)
    top.flush()
    options = kconfiglib.Kconfig(top.name, warn_to_stderr=False)
options.warn_assign_undef = True


def value(name):
    return options.syms[name].str_value


ends = []
for static in "ny":
    for arch in "ny":
        for name, wanted in (("BR2_STATIC_LIBS", static), ("BR2_PACKAGE_HOST_RUSTC_TARGET_ARCH_SUPPORTS", arch)):
            options.syms[name].set_value(wanted)
        options.syms["BR2_INIT_FIXPART"].set_value("y")
        ends.append([value(name) for name in ("BR2_INIT_FIXPART", "BR2_PACKAGE_FIXPART", "BR2_PACKAGE_HOST_RUSTC")])
if options.warnings or ends != [["n"] * 3] * 3 + [["y"] * 3]:
    sys.exit("\n".join(options.warnings) or f"the init system does not bring its package: {ends}")
print(f"{len(options.unique_defined_syms)} symbols, no warning")
