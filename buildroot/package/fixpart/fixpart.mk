################################################################################
#
# fixpart
#
################################################################################

FIXPART_VERSION = 0.1.0
FIXPART_SOURCE = fixpart-$(FIXPART_VERSION).tar.gz
FIXPART_SITE = $(BR2_EXTERNAL_FIXPART_PATH)/dist
FIXPART_SITE_METHOD = file
FIXPART_LICENSE = Apache-2.0
FIXPART_LICENSE_FILES = LICENSE
FIXPART_SUBDIR = appliance/main
HOST_FIXPART_SUBDIR = image

# What "image" calls in the post-image script.
FIXPART_DEPENDENCIES = host-fixpart host-squashfs host-e2fsprogs

$(eval $(cargo-package))
$(eval $(host-cargo-package))
