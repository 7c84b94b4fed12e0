//! `<tx_power>`: transmit power.

use crate::spec::group;
use crate::value::TxMilliwatt;

group! { "tx_power."
    /// The transmit power of handsets.
    HANDSET: TxMilliwatt = "250" at "handset" [.unit("mW").ip().hidden().later()]

    /// The transmit power of base stations.
    RFP: TxMilliwatt = "250" at "rfp" [.unit("mW").ip().hidden().later()]
}
