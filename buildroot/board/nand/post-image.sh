#!/bin/sh
# Called by Buildroot with the folder of images: the slot, and all volumes of the flash in one file.
set -eu
images=$1
here=$(dirname "$0")
version=$(sed -n 's/^FIXPART_VERSION = //p' "$here/../../package/fixpart/fixpart.mk")

make -s -C "$BASE_DIR" show-info > "$images/show-info.json"
image sbom --version "$version" --target aarch64-unknown-linux-musl --buildroot "$images/show-info.json" \
	"$BUILD_DIR/fixpart-$version" "$images/sbom.cdx.json"
image slot --arch aarch64 --version "$version" --kernel "$images" \
	--binary "$TARGET_DIR/usr/bin/appliance" --e2fsck "$TARGET_DIR/sbin/e2fsck" \
	--sbom "$images/sbom.cdx.json" --overlay "$BUILD_DIR/fixpart-$version/overlay" --out "$images/slot.squashfs"
cp "$here/ubinize.cfg" "$images/"
cd "$images"
# Erase blocks of 128 KiB, pages of 2 KiB that are written at once.
ubinize -p 128KiB -m 2048 -s 2048 -Q 1 -o "fixpart-$version-nand.ubi" ubinize.cfg
