//! `<phonebook>`: where the phonebook comes from.

use crate::spec::group;
use crate::value::{
    Attributes, Charset, Columns, Password, PhonebookSource, Prefixes, Seconds, Text,
};

group! { "phonebook."
    /// Where the phonebook comes from.
    SOURCE: PhonebookSource = "disabled" at "source" [.later()]

    /// Columns of the CSV holding numbers that can be dialled.
    CSV_NUMBER_FIELDS: Columns = "2" at "csv_number_fields" [.about(0, 1000).later()]

    /// Character set of the imported CSV.
    ENCODING: Charset = "utf-8" at "encoding" [.later()]

    /// LDAP server.
    LDAP_URI: Text = "" at "ldap_uri" [.later()]

    /// LDAP bind user.
    LDAP_BIND_USER: Text = "" at "ldap_bind_user" [.later()]

    /// LDAP bind password.
    LDAP_BIND_PASSWORD: Password = "" at "ldap_bind_password" [.secret().later()]

    /// Search base.
    LDAP_BASE: Text = "" at "ldap_base" [.later()]

    /// Search filter.
    LDAP_FILTER: Text = "(objectClass=person)" at "ldap_filter" [.later()]

    /// Attributes to fetch.
    LDAP_ATTRIBUTES: Attributes = "cn,telephoneNumber,mobile" at "ldap_attributes" [.later()]

    /// Which of the attributes can be dialled.
    LDAP_NUMBER_ATTRIBUTES: Attributes = "telephoneNumber,mobile" at "ldap_number_attributes" [.later()]

    /// Labels for the attributes.
    LDAP_NAMES: Attributes = "" at "ldap_names" [.later()]

    /// Number prefixes to strip, or with = to replace.
    LDAP_PREFIXES: Prefixes = "+=00" at "ldap_prefixes" [.later()]

    /// How often the LDAP server is read again.
    LDAP_REFRESH_INTERVAL: Seconds = "3600" at "ldap_refresh_interval" [.later()]
}
