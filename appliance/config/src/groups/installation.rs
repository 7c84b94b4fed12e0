//! `<installation>`: whom a 2500 or 8000 belongs to.

use crate::spec::{Alias, group};
use crate::value::{AutoRestart, Host, Password, Text};

group! { "installation."
    /// When the server starts anew by itself: on or off, day, hour, minute, weekday, kind of interval.
    AUTO_RESTART: AutoRestart = "0,20,2,15,2,1" at "auto_restart" [.rack()]

    /// The street of the company.
    COMPANY_ADDRESS: Text = "Address" at "company.Address" [.rack()]

    /// The city of the company.
    COMPANY_CITY: Text = "City" at "company.city" [.rack()]

    /// Whom to ask in the company.
    COMPANY_CONTACT_PERSON: Text = "Contact person" at "company.contact_person" [.rack()]

    /// The country of the company.
    COMPANY_COUNTRY: Text = "Country" at "company.country" [.rack()]

    /// The e-mail address of whom to ask.
    COMPANY_DIRECT_EMAIL: Text = "Direct email address" at "company.direct_email" [.rack()]

    /// The phone number of whom to ask.
    COMPANY_DIRECT_PHONE: Text = "Direct phone number" at "company.direct_phone" [.rack()]

    /// The fax number of the company.
    COMPANY_FAX: Text = "Fax number" at "company.fax" [.rack()]

    /// The name of the company; the files of a service report begin with it.
    COMPANY_NAME: Text = "Company name" at "company.name" [.rack()]

    /// The phone number of the company.
    COMPANY_PHONE: Text = "Phone number" at "company.phone" [.rack()]

    /// The state of the company.
    COMPANY_STATE: Text = "State" at "company.state" [.rack()]

    /// The postal code of the company.
    COMPANY_ZIP: Text = "Zip" at "company.zip" [.rack()]

    /// How often statistics are mailed; the guide does not say in which unit.
    EMAIL_MAIL_TIMING: u32 = "0" at "email.mail_timing" [.rack()]

    /// Whom statistics are mailed to. The name is spelt as in the guide.
    EMAIL_RECIEPIENT_ADDRESS: Text = "" at "email.reciepient_address"
        [.was(&[Alias::spelling("installation.email.recipient_address")]).rack()]

    /// Where an answer to such a mail goes.
    EMAIL_REPLY_ADDRESS: Text = "" at "email.reply_address" [.rack()]

    /// The mail server.
    EMAIL_SMTP_ADDRESS: Host = "" at "email.smtp_address" [.rack()]

    /// The password at the mail server; the word none takes it away.
    EMAIL_SMTP_PASSWORD: Password = "" at "email.smtp_password" [.secret().rack()]

    /// The port of the mail server.
    EMAIL_SMTP_PORT: u16 = "25" at "email.smtp_port" [.range(1, 65_535).rack()]

    /// The user at the mail server.
    EMAIL_SMTP_USER: Text = "" at "email.smtp_user" [.rack()]
}
