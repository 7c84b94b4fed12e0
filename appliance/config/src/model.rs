//! The models, a row each: there is no other place that asks which one it is.

/// What a model can carry, and how it presents itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Model {
    /// As an administrator calls it.
    pub name: &'static str,
    /// How many users.
    pub users_max: usize,
    /// How many base stations.
    pub rfps_max: usize,
    /// What its name in UPnP begins with; the serial number follows.
    pub upnp: &'static str,
}

/// The model of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Model> {
    MODELS.iter().copied().find(|model| model.name == name)
}

/// Small box.
pub const M200: &Model = &Model { name: "200", users_max: 12, rfps_max: 12, upnp: "KWS200" };
/// Small box.
pub const M400: &Model = &Model { name: "400", users_max: 60, rfps_max: 12, upnp: "KWS400" };
/// Server.
pub const M6500: &Model = &Model { name: "6500", users_max: 4000, rfps_max: 1024, upnp: "KWS6500" };
/// Virtual machine.
pub const ONE: &Model = &Model { name: "one", users_max: 4000, rfps_max: 1024, upnp: "KWSONE" };
/// The largest.
pub const XL: &Model = &Model { name: "xl", users_max: 10_000, rfps_max: 4096, upnp: "KWSXL" };

/// Every model, the smallest first.
pub const MODELS: &[&Model] = &[M200, M400, M6500, ONE, XL];
