//! `<provisioning>`: where the server fetches its configuration.

use crate::spec::{Applies, group};
use crate::value::{CheckSync, Minutes, ProvisioningMethod, RemoteFile, TimeOfDay, Url};

group! { "provisioning."
    /// The address of the provisioning server: host, host and port, or a URL of tftp, ftp, http or https.
    SERVER_URL: Option<Url> = "" at "server.url" [.secret().applies(Applies::Restart).later()]

    /// Reaction to SIP NOTIFY check-sync: nothing, check and reboot if needed, reboot and check.
    CHECK_CHECK_SYNC: CheckSync = "disabled" at "check.check_sync" [.later()]

    /// Polling interval.
    CHECK_INTERVAL: Minutes = "0" at "check.interval" [.later()]

    /// Daily polling time.
    CHECK_TIME: Option<TimeOfDay> = "" at "check.time" [.later()]

    /// Fetch and import MAC-config.xml.
    CONFIG_CHECK: bool = "true" at "config.check" [.later()]

    /// Server firmware name; name and name.ver are fetched.
    FIRMWARE_KWS: Option<RemoteFile> = "" at "firmware.kws" [.later()]

    /// Server firmware also serves base stations and media resources.
    FIRMWARE_DEFAULT_KWS: bool = "false" at "firmware.default_kws" [.ip().later()]

    /// Firmware for IP base stations.
    FIRMWARE_RFP: Option<RemoteFile> = "" at "firmware.rfp" [.rack()]

    /// Firmware for RFP6 digital base stations.
    FIRMWARE_RFP6: Option<RemoteFile> = "" at "firmware.rfp6" [.rack()]

    /// Firmware for Butterfly handsets.
    FIRMWARE_PP14208700: Option<RemoteFile> = "" at "firmware.pp14208700" [.later()]

    /// Firmware for 75x2, 76x2, 77x2 handsets.
    FIRMWARE_PP14225100: Option<RemoteFile> = "" at "firmware.pp14225100" [.later()]

    /// Firmware for 72x2 handsets.
    FIRMWARE_PP14225110: Option<RemoteFile> = "" at "firmware.pp14225110" [.later()]

    /// Firmware for OEM handsets.
    FIRMWARE_PP14225190: Option<RemoteFile> = "" at "firmware.pp14225190" [.later()]

    /// How the provisioning URL is found (DHCP option 66, typed in, off).
    SERVER_METHOD: ProvisioningMethod = "dhcp" at "server.method" [.later()]

    /// Fetch and import MAC-users.xml; no reboot needed.
    USERS_CHECK: bool = "false" at "users.check" [.later()]
}
