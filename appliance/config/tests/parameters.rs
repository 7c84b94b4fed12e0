//! Every row of the list of parameters is in the table, with the same type, options, default, unit and family.

use config::groups::find;
use config::value::Kind;
use config::{Config, Family, Spec};

const CSV: &str = include_str!("../../../tests/vectors/config-parameters.csv");

/// A row of the list.
struct Row {
    path: String,
    rack: bool,
    ip: bool,
    hidden: bool,
    kind: String,
    options: String,
    default: String,
    unit: String,
    description: String,
}

fn rows() -> Vec<Row> {
    let mut lines = CSV.lines().map(fields);
    let head = lines.next().expect("a head");
    let column = |name: &str| head.iter().position(|it| it == name).expect("the column");
    let columns = [
        "path",
        "type",
        "options",
        "default",
        "unit",
        "description",
        "server_2500_8000",
        "server_400_6500",
        "hidden_or_licensed",
    ];
    let [path, kind, options, default, unit, description, rack, ip, hidden] = columns.map(column);
    let rows = lines.map(|fields| Row {
        path: fields[path].clone(),
        rack: fields[rack] == "x",
        ip: fields[ip] == "x",
        hidden: fields[hidden] == "x",
        kind: fields[kind].clone(),
        options: fields[options].clone(),
        default: fields[default].clone(),
        unit: fields[unit].clone(),
        description: fields[description].clone(),
    });
    rows.collect()
}

/// The fields of a line (RFC 4180); no field of the list has a line end in it.
fn fields(line: &str) -> Vec<String> {
    let (mut fields, mut field, mut quoted) = (Vec::new(), String::new(), false);
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => field.extend(letters.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(std::mem::take(&mut field)),
            other => field.push(other),
        }
    }
    fields.push(field);
    fields
}

/// Rows that are other names of a setting, so that they have no entry of their own.
const OTHER_NAMES: &[(&str, &str)] = &[
    ("security.force_https", "security.allow_http"),
    ("sip.dtmf.rtp_payloadtype", "sip.dtmf.rtp_payload_type"),
    ("sip.proxy.transport", "sip.transport"),
    ("sip.seperate_endpoint_ports", "sip.separate_endpoint_ports"),
];

/// Where the table differs on purpose: path, what differs, why.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    (
        "network.mtu",
        "options",
        "networks with larger packets exist, and files for the family name them",
    ),
    ("network.vlan", "options", "0 is the first of its numbers"),
    ("security.password_lifetime", "type", "it is one of three numbers"),
    ("TAP.shelf1.card0.port1.SMS_AlertTone", "type", "it is a number of which only two have names"),
    ("application.password", "default", "what everybody knows is no password"),
    ("security.password", "default", "what everybody knows is no password"),
    ("snmp.community", "default", "what everybody knows is no password"),
    ("snmp.community", "type", "whoever knows it may read; it is a password"),
    ("snmp.trapcommunity", "type", "it is a password, as the other one is"),
    ("dect.frequency", "default", "the radio stays off until a band is chosen"),
    ("installation.email.reciepient_address", "default", "an address of the vendor's"),
    ("installation.email.reply_address", "default", "an address of the vendor's"),
    (
        "feature_codes.call_forward.unconditional.disable",
        "default",
        "the guide prints the two exchanged",
    ),
    (
        "feature_codes.call_forward.unconditional.enable",
        "default",
        "the guide prints the two exchanged",
    ),
    ("RS232.shelf[].card0.port1.flow", "default", "the guide spells it otherwise than its option"),
    ("sip.defaultdomain", "type", "it is the host of an address"),
    ("sip.media.ptime", "type", "it is one of the lengths that a codec can have"),
    (
        "sip.media.port",
        "options",
        "from 1024 on, even, and with room behind it; others are taken as the nearest",
    ),
    ("sip.media.symmetric", "default", "an element of an example; on is what every server does"),
    ("phonebook.ldap_uri", "type", "a list of servers is taken too"),
    ("sip.internal_ringtones_incoming", "type", "no guide says what its words are"),
    ("sip.auto_answer_incoming", "type", "no guide says what its words are"),
    ("dect.accesscode", "secret", "whoever knows it may subscribe"),
    ("system_event.system_access_code", "secret", "whoever knows it may subscribe"),
    ("provisioning.server.url", "secret", "a password may stand in it"),
    ("sip.nat_keepalive", "options", "the list leaves its choices open"),
];

/// The words of the list for what a form shows.
fn kinds(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Bool => &["bool"],
        Kind::Words(_) => &["enum"],
        Kind::Whole => &["int"],
        Kind::Number => &["number"],
        Kind::Flags => &["flags", "enum"],
        Kind::List => &["list"],
        Kind::Tuple => &["tuple"],
        Kind::Text => &["string"],
        Kind::Digits => &["digits"],
        Kind::Secret => &["secret"],
        Kind::Host => &["host"],
        Kind::Uri => &["uri"],
        Kind::Ip => &["ip"],
        Kind::Ip6 => &["ip6"],
        Kind::Ip6Prefix => &["ip6/prefix"],
        Kind::Mac => &["mac"],
        Kind::Uuid => &["uuid"],
        Kind::Time => &["time"],
        Kind::Start => &["enum|time"],
        Kind::FileName => &["filename"],
        Kind::Identity => &[],
    }
}

/// Everything in which an entry differs from its row.
fn differences(row: &Row, spec: &Spec, nth: &[Option<u32>]) -> Vec<&'static str> {
    let mut found = Vec::new();
    if !kinds(spec.kind).contains(&row.kind.as_str()) {
        found.push("type");
    }
    if !options_agree(row, spec) {
        found.push("options");
    }
    // Explanations stand behind the value, in brackets.
    let default = row.default.split(" (").next().unwrap_or_default();
    let (ours, rack) = (spec.default_at(nth), spec.rack_default);
    let agrees = row.default == spec.default_at(nth)
        || match default.split_once("; ") {
            Some((one, other)) => [one, other].iter().all(|text| {
                let value = text.rsplit(' ').next().unwrap_or_default();
                ours == value || rack == Some(value) || text.ends_with(&format!(" {ours}"))
            }),
            None => {
                ours == default
                    || (default.is_empty() && matches!((spec.kind, ours), (Kind::Bool, "false")))
            }
        };
    let both = row.path == "redundancy.failovertime" && (ours, rack) == ("10", Some("15"));
    if !(agrees || both) {
        found.push("default");
    }
    if spec.unit != row.unit {
        found.push("unit");
    }
    let family = match (row.rack, row.ip) {
        (true, true) => Family::Both,
        (false, true) => Family::Ip,
        _ => Family::Rack,
    };
    if spec.family != family {
        found.push("family");
    }
    if spec.hidden != row.hidden {
        found.push("hidden");
    }
    if spec.unused != (row.description == "not used") {
        found.push("unused");
    }
    if spec.secret != (row.kind == "secret") && !matches!(spec.kind, Kind::Secret) {
        found.push("secret");
    }
    found
}

fn options_agree(row: &Row, spec: &Spec) -> bool {
    if row.options.is_empty() {
        return true;
    }
    match spec.kind {
        Kind::Words(words) => {
            let own = |option: &str| option.split('=').next().unwrap_or_default().trim().to_owned();
            let named: Vec<String> = row.options.split('|').map(own).collect();
            named.iter().all(|word| {
                let word = word.split(" (").next().unwrap_or_default();
                words.contains(&word)
            }) && words.len() == named.len()
        }
        Kind::Whole | Kind::Number | Kind::Digits => {
            let ends = row.options.split('|').find_map(|option| {
                let (least, most) = option.split(' ').next()?.split_once('-')?;
                let number = |text: &str| match text.strip_prefix("0x") {
                    Some(hex) => i64::from_str_radix(hex, 16).ok(),
                    None => text.parse().ok(),
                };
                Some((number(least)?, number(most)?))
            });
            // Access codes have their own rule, and half seconds their own steps.
            ends.is_none_or(|ends| ends == spec.range || row.path.contains("access"))
        }
        _ => true,
    }
}

#[test]
fn every_row_of_the_list_is_in_the_table() {
    let rows = rows();
    assert_eq!(rows.len(), 330);
    let mut wrong = Vec::new();
    let mut used = Vec::new();
    for row in &rows {
        if let Some((_, own)) = OTHER_NAMES.iter().find(|(path, _)| *path == row.path) {
            let (spec, _) = find(own).expect("the setting itself");
            assert!(spec.aliases.iter().any(|alias| alias.path == row.path), "{}", row.path);
            continue;
        }
        let Some((spec, at)) = find(&row.path.replace("[]", "1")) else {
            wrong.push(format!("{} is missing", row.path));
            continue;
        };
        for what in differences(row, spec, &at) {
            let exception =
                EXCEPTIONS.iter().find(|(path, it, _)| *path == row.path && *it == what);
            match exception {
                Some((path, what, _)) => used.push((*path, *what)),
                None => wrong.push(format!(
                    "{}: {what} differs: {} {:?} [{}] {}",
                    row.path, row.kind, row.default, row.options, row.unit
                )),
            }
        }
    }
    for (path, what, _) in EXCEPTIONS {
        if !used.contains(&(path, what)) {
            wrong.push(format!("{path}: there is no difference of {what} to except"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nothing_else_is_in_the_table_but_what_is_ours() {
    let rows = rows();
    for spec in config::groups::all().filter(|spec| !spec.is_ours()) {
        for nth in 1..=spec.count {
            let path = spec.path_of(nth);
            let listed = rows.iter().any(|row| {
                find(&row.path.replace("[]", "1")).is_some_and(|(found, at)| {
                    found.path == spec.path && (spec.count == 1 || found.path_at(&at) == path)
                })
            });
            assert!(listed, "{path} is in no guide");
        }
    }
}

#[test]
fn every_setting_can_be_set_and_written_and_read_again() {
    let mut config = Config::default();
    for row in rows() {
        let Some((spec, at)) = find(&row.path.replace("[]", "1")) else { continue };
        let text = spec.default_at(&at).to_owned();
        if !text.is_empty() {
            config.set_at(spec, at, &text).expect("a default is a value");
        }
    }
    let written = config.write();
    let (again, _) = Config::read("config.xml", &written).expect("what we write, we read");
    assert!(again == config);
    assert_eq!(again.write(), written);
}
