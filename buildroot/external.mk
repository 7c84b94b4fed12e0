include $(sort $(wildcard $(BR2_EXTERNAL_FIXPART_PATH)/package/*/*.mk))
