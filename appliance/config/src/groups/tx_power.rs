//! `<tx_power>`: transmit power.

use crate::spec::group;
use crate::value::TxMilliwatt;

group! { "tx_power."
    /// Transmit power.
    HANDSET: TxMilliwatt = "250" at "handset" [.unit("mW").ip().hidden().later()]

    /// Transmit power of base stations.
    RFP: TxMilliwatt = "250" at "rfp" [.unit("mW").ip().hidden().later()]
}
