//! How records are written: JSON, with the secrets sealed.

use crate::seal::{Sealer, hex, unhex};
use dect::subscription::{Keys, LinkKey, RfpRecord, Subscription, Uak};
use ident::{Ipei, Ipui, Mac, Rpn, Tpui};
use serde::{Deserialize, Serialize};

/// The form of a subscription on disk.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubscriptionForm {
    version: u8,
    ipei: String,
    ipui_bits: u8,
    ipui: String,
    tpui: Option<u32>,
    keys: KeysForm,
    located: Option<String>,
    terminal_capability: String,
    model: String,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
enum KeysForm {
    Unconfirmed(String),
    Confirmed(String),
    Replacing { old: String, new: String },
}

/// The form of a base station on disk.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RfpForm {
    version: u8,
    mac: String,
    rpn: u8,
    link_key: Option<String>,
}

/// The one form there is; a later one gets the next number and reads this one too.
const VERSION: u8 = 1;

/// Why a record cannot be read; for the log.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RecordError {
    #[error("it is not the JSON that is expected")]
    Json(#[from] serde_json::Error),
    #[error("it has the form {0} of a newer version of this program")]
    Version(u8),
    #[error("its field {0} has no valid value")]
    Field(&'static str),
    #[error(transparent)]
    Seal(#[from] crate::seal::SealError),
}

pub(crate) fn write_subscription(
    sealer: &Sealer,
    subscription: &Subscription,
) -> Result<Vec<u8>, RecordError> {
    let ipei = subscription.ipei.to_string();
    let seal = |field: &str, key: &Uak| sealer.seal(&purpose(field, &ipei), key.expose());
    let keys = match &subscription.keys {
        Keys::Unconfirmed(key) => KeysForm::Unconfirmed(seal("uak", key)?),
        Keys::Confirmed(key) => KeysForm::Confirmed(seal("uak", key)?),
        Keys::Replacing { old, new } => {
            KeysForm::Replacing { old: seal("old uak", old)?, new: seal("uak", new)? }
        }
    };
    let (ipui_bits, ipui) = subscription.ipui.to_octets();
    Ok(serde_json::to_vec(&SubscriptionForm {
        version: VERSION,
        ipui_bits,
        ipui: hex(&[&ipui]),
        tpui: subscription.tpui.map(Tpui::value),
        keys,
        located: subscription.located.map(|mac| mac.to_string()),
        terminal_capability: hex(&[&subscription.terminal_capability]),
        model: hex(&[&subscription.model]),
        ipei,
    })?)
}

pub(crate) fn read_subscription(
    sealer: &Sealer,
    octets: &[u8],
) -> Result<Subscription, RecordError> {
    let form: SubscriptionForm = serde_json::from_slice(octets)?;
    if form.version != VERSION {
        return Err(RecordError::Version(form.version));
    }
    let unseal = |field: &str, sealed: &str| {
        let key = sealer.unseal(&purpose(field, &form.ipei), sealed)?;
        let key = key.as_slice().try_into().map_err(|_| RecordError::Field("keys"))?;
        Ok::<_, RecordError>(Uak::new(key))
    };
    let keys = match &form.keys {
        KeysForm::Unconfirmed(key) => Keys::Unconfirmed(unseal("uak", key)?),
        KeysForm::Confirmed(key) => Keys::Confirmed(unseal("uak", key)?),
        KeysForm::Replacing { old, new } => {
            Keys::Replacing { old: unseal("old uak", old)?, new: unseal("uak", new)? }
        }
    };
    let octets = |field, text: &str| unhex(text).ok_or(RecordError::Field(field));
    let ipui = Ipui::from_octets(form.ipui_bits, &octets("ipui", &form.ipui)?);
    let located = form.located.as_deref().map(str::parse::<Mac>).transpose();
    Ok(Subscription {
        ipei: form.ipei.parse::<Ipei>().map_err(|_| RecordError::Field("ipei"))?,
        ipui: ipui.map_err(|_| RecordError::Field("ipui"))?,
        tpui: match form.tpui {
            Some(value) => Some(Tpui::new(value).ok_or(RecordError::Field("tpui"))?),
            None => None,
        },
        keys,
        located: located.map_err(|_| RecordError::Field("located"))?,
        terminal_capability: octets("terminal_capability", &form.terminal_capability)?,
        model: octets("model", &form.model)?,
    })
}

pub(crate) fn write_rfp(sealer: &Sealer, rfp: &RfpRecord) -> Result<Vec<u8>, RecordError> {
    let mac = rfp.mac.to_string();
    let seal = |key: &LinkKey| sealer.seal(&purpose("link key", &mac), key.expose());
    let link_key = rfp.link_key.as_ref().map(seal).transpose()?;
    Ok(serde_json::to_vec(&RfpForm { version: VERSION, rpn: rfp.rpn.0, link_key, mac })?)
}

pub(crate) fn read_rfp(sealer: &Sealer, octets: &[u8]) -> Result<RfpRecord, RecordError> {
    let form: RfpForm = serde_json::from_slice(octets)?;
    if form.version != VERSION {
        return Err(RecordError::Version(form.version));
    }
    let unseal = |sealed: &String| {
        let key = sealer.unseal(&purpose("link key", &form.mac), sealed)?;
        let key = key.as_slice().try_into().map_err(|_| RecordError::Field("link_key"))?;
        Ok::<_, RecordError>(LinkKey::new(key))
    };
    Ok(RfpRecord {
        mac: form.mac.parse().map_err(|_| RecordError::Field("mac"))?,
        rpn: Rpn(form.rpn),
        link_key: form.link_key.as_ref().map(unseal).transpose()?,
    })
}

/// A sealed field cannot be carried over into another record or another field.
fn purpose(field: &str, record: &str) -> String {
    format!("{field} of {record}")
}
