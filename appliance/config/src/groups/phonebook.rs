//! `<phonebook>`: where the phonebook comes from.

use crate::spec::group;
use crate::value::{
    Attributes, Charset, Columns, Password, PhonebookSource, Prefixes, Seconds, Text,
};

group! { "phonebook."
    /// Where the phonebook comes from.
    SOURCE: PhonebookSource = "disabled" at "source" [.later()]

    /// Which columns of the file hold numbers that can be dialled, with commas between; the first column is 1.
    CSV_NUMBER_FIELDS: Columns = "2" at "csv_number_fields" [.about(0, 1000).later()]

    /// The character set of the file.
    ENCODING: Charset = "utf-8" at "encoding" [.later()]

    /// The LDAP server, as ldap:// or ldaps://.
    LDAP_URI: Text = "" at "ldap_uri" [.later()]

    /// The user at the LDAP server.
    LDAP_BIND_USER: Text = "" at "ldap_bind_user" [.later()]

    /// The password at the LDAP server.
    LDAP_BIND_PASSWORD: Password = "" at "ldap_bind_password" [.secret().later()]

    /// Where in the directory the search begins.
    LDAP_BASE: Text = "" at "ldap_base" [.later()]

    /// Which entries are taken (RFC 4515).
    LDAP_FILTER: Text = "(objectClass=person)" at "ldap_filter" [.later()]

    /// Which attributes are fetched.
    LDAP_ATTRIBUTES: Attributes = "cn,telephoneNumber,mobile" at "ldap_attributes" [.later()]

    /// Which of the attributes can be dialled.
    LDAP_NUMBER_ATTRIBUTES: Attributes = "telephoneNumber,mobile" at "ldap_number_attributes"
        [.later()]

    /// How handsets call the attributes.
    LDAP_NAMES: Attributes = "" at "ldap_names" [.later()]

    /// Beginnings of numbers that are taken away or, with = and other digits, replaced.
    LDAP_PREFIXES: Prefixes = "+=00" at "ldap_prefixes" [.later()]

    /// Seconds between two readings of the directory.
    LDAP_REFRESH_INTERVAL: Seconds = "3600" at "ldap_refresh_interval" [.later()]
}
