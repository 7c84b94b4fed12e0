//! Connectionless message service: EN 300 175-5, clause 12.
//!
//! Nothing here uses it; messages of handsets are noted and ignored (17.4.3).

use super::links::LinkId;

/// A message came without acknowledgement, or with the discriminator of this service.
pub(super) fn received(id: LinkId, octets: &[u8]) {
    tracing::debug!("clms{{rfp={} mcei={}}}: {} octets ignored", id.0.0, id.1.0, octets.len());
}
