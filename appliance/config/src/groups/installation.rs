//! `<installation>`: whom a 2500 or 8000 belongs to.

use crate::spec::{Alias, group};
use crate::value::{AutoRestart, Host, Password, Text};

group! { "installation."
    /// Scheduled automatic restart.
    AUTO_RESTART: AutoRestart = "0,20,2,15,2,1" at "auto_restart" [.rack()]

    /// Company street address.
    COMPANY_ADDRESS: Text = "Address" at "company.Address" [.rack()]

    /// Company city.
    COMPANY_CITY: Text = "City" at "company.city" [.rack()]

    /// Company contact person.
    COMPANY_CONTACT_PERSON: Text = "Contact person" at "company.contact_person" [.rack()]

    /// Company country.
    COMPANY_COUNTRY: Text = "Country" at "company.country" [.rack()]

    /// Company direct e-mail.
    COMPANY_DIRECT_EMAIL: Text = "Direct email address" at "company.direct_email" [.rack()]

    /// Company direct phone.
    COMPANY_DIRECT_PHONE: Text = "Direct phone number" at "company.direct_phone" [.rack()]

    /// Company fax number.
    COMPANY_FAX: Text = "Fax number" at "company.fax" [.rack()]

    /// Company name; put in front of the names of service-report files.
    COMPANY_NAME: Text = "Company name" at "company.name" [.rack()]

    /// Company phone.
    COMPANY_PHONE: Text = "Phone number" at "company.phone" [.rack()]

    /// Company state.
    COMPANY_STATE: Text = "State" at "company.state" [.rack()]

    /// Company postal code.
    COMPANY_ZIP: Text = "Zip" at "company.zip" [.rack()]

    /// How often the statistics mail is sent.
    EMAIL_MAIL_TIMING: u32 = "0" at "email.mail_timing" [.rack()]

    /// Mail recipient.
    EMAIL_RECIEPIENT_ADDRESS: Text = "" at "email.reciepient_address" [.was(&[Alias::spelling("installation.email.recipient_address")]).rack()]

    /// Reply address.
    EMAIL_REPLY_ADDRESS: Text = "" at "email.reply_address" [.rack()]

    /// Mail server.
    EMAIL_SMTP_ADDRESS: Host = "" at "email.smtp_address" [.rack()]

    /// Mail server password; writing none clears it.
    EMAIL_SMTP_PASSWORD: Password = "" at "email.smtp_password" [.secret().rack()]

    /// Mail server port.
    EMAIL_SMTP_PORT: u16 = "25" at "email.smtp_port" [.range(1, 65_535).rack()]

    /// Mail server user.
    EMAIL_SMTP_USER: Text = "" at "email.smtp_user" [.rack()]
}
