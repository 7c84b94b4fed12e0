//! `<provisioning>`: where the server fetches its configuration.

use crate::spec::{Applies, group};
use crate::value::{CheckSync, Minutes, ProvisioningMethod, RemoteFile, TimeOfDay, Url};

group! { "provisioning."
    /// The address of the provisioning server: host, host and port, or a URL of tftp, ftp, http or https.
    SERVER_URL: Option<Url> = "" at "server.url" [.secret().applies(Applies::Restart).later()]

    /// What a NOTIFY of the event check-sync does: nothing, a look for updates with a restart where they need one, or a restart with a look for updates.
    CHECK_CHECK_SYNC: CheckSync = "disabled" at "check.check_sync" [.later()]

    /// Minutes between two looks for updates; 0 is never.
    CHECK_INTERVAL: Minutes = "0" at "check.interval" [.later()]

    /// The time of the day of a look for updates. Empty means none.
    CHECK_TIME: Option<TimeOfDay> = "" at "check.time" [.later()]

    /// Whether the settings are fetched and imported, from the MAC address and -config.xml.
    CONFIG_CHECK: bool = "true" at "config.check" [.later()]

    /// The file of the server's firmware; its version is in the file of the same name with .ver behind it.
    FIRMWARE_KWS: Option<RemoteFile> = "" at "firmware.kws" [.later()]

    /// Whether base stations and media resources take the server's firmware.
    FIRMWARE_DEFAULT_KWS: bool = "false" at "firmware.default_kws" [.ip().later()]

    /// The file of the firmware of IP base stations.
    FIRMWARE_RFP: Option<RemoteFile> = "" at "firmware.rfp" [.rack()]

    /// The file of the firmware of digital base stations RFP6.
    FIRMWARE_RFP6: Option<RemoteFile> = "" at "firmware.rfp6" [.rack()]

    /// The file of the firmware of Butterfly handsets.
    FIRMWARE_PP14208700: Option<RemoteFile> = "" at "firmware.pp14208700" [.later()]

    /// The file of the firmware of handsets 75x2, 76x2 and 77x2.
    FIRMWARE_PP14225100: Option<RemoteFile> = "" at "firmware.pp14225100" [.later()]

    /// The file of the firmware of handsets 72x2.
    FIRMWARE_PP14225110: Option<RemoteFile> = "" at "firmware.pp14225110" [.later()]

    /// The file of the firmware of OEM handsets.
    FIRMWARE_PP14225190: Option<RemoteFile> = "" at "firmware.pp14225190" [.later()]

    /// How the provisioning server is found: by option 66 of DHCP, by the address below, or not at all.
    SERVER_METHOD: ProvisioningMethod = "dhcp" at "server.method" [.later()]

    /// Whether the users are fetched and imported, from the MAC address and -users.xml.
    USERS_CHECK: bool = "false" at "users.check" [.later()]
}
