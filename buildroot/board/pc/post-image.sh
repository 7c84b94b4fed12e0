#!/bin/sh
# Called by Buildroot with the folder of images and the architecture: the disk, and what virtual machines import.
set -eu
images=$1 arch=$2
here=$(dirname "$0")/../..
version=$(sed -n 's/^FIXPART_VERSION = //p' "$here/package/fixpart/fixpart.mk")
name=fixpart-$version-$arch

make -s -C "$BASE_DIR" show-info > "$images/show-info.json"
image sbom --version "$version" --target "$arch-unknown-linux-musl" --buildroot "$images/show-info.json" \
	"$BUILD_DIR/fixpart-$version" "$images/sbom.cdx.json"
# 4 GiB, most of it empty: what an appliance for ESXi has, thin, and what fits on every stick.
image disk --arch "$arch" --version "$version" --kernel "$images" --binary "$TARGET_DIR/usr/bin/appliance" \
	--e2fsck "$TARGET_DIR/sbin/e2fsck" --grub "$TARGET_DIR/lib/grub" --sbom "$images/sbom.cdx.json" \
	--overlay "$BUILD_DIR/fixpart-$version/overlay" --size 4096 --out "$images"
[ "$arch" = x86_64 ] || exit 0
image ova --name "$name" --version "$version" "$images/$name.img" "$images/$name.ova"
image check "$images/$name.ova"
