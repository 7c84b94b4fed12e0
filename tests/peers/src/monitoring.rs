//! net-snmp asks the server, receives its traps, and reads its MIB.

use peers::ours::Ours;
use peers::place::Place;
use peers::process::{Process, until};
use peers::{Given, Story, Wrong};
use std::path::{Path, PathBuf};

/// All of them.
pub(crate) const STORIES: &[Story] = &[
    Story {
        name: "net-snmp walks with a community, and who does not know it gets nothing",
        needs: &["snmpget", "snmpwalk", "snmpbulkwalk"],
        tell: community,
    },
    Story {
        name: "net-snmp asks as a user of SNMPv3, and with a wrong key it gets nothing",
        needs: &["snmpget", "snmpbulkwalk"],
        tell: users,
    },
    Story {
        name: "SNMP is off, and asked from a network that may not ask it is silent",
        needs: &["snmpget"],
        tell: permitted,
    },
    Story {
        name: "net-snmp receives traps and confirms informs of version 2c",
        needs: &["snmptrapd"],
        tell: traps,
    },
    Story {
        name: "net-snmp receives traps and confirms informs of version 3",
        needs: &["snmptrapd"],
        tell: secure_traps,
    },
    Story { name: "smilint finds nothing in the MIB", needs: &["smilint"], tell: lint },
];

/// The server has this address.
const BOX: &str = "192.0.2.1";
/// Whoever asks and listens has this one.
const STATION: &str = "192.0.2.2";

/// A place with the server's host and that of whoever watches it.
fn place() -> Result<Place, Wrong> {
    let place = Place::new(&["box", "station"])?;
    for (host, address) in [("box", BOX), ("station", STATION)] {
        place.run(host, "ip", &["address", "add", &format!("{address}/24"), "dev", "eth0"])?;
    }
    Ok(place)
}

fn ours(given: &Given, place: &Place, snmp: &str, fixpart: &str) -> Result<Ours, Wrong> {
    let settings = format!(
        "<snmp><enable>true</enable>{snmp}</snmp><fixpart><snmp>{fixpart}</snmp></fixpart>"
    );
    let ours = Ours::start(given, place, ("box", "mgmt"), &settings)?;
    observed(&ours, place, |text| text.contains("SNMP is answered"))?;
    Ok(ours)
}

/// Waits until what can be seen of the role is as wanted.
fn observed(ours: &Ours, place: &Place, wanted: impl Fn(&str) -> bool) -> Result<(), Wrong> {
    until(|| {
        let text = ours.ask(place, &["ctl", "observed", "mgmt"])?;
        if wanted(&text) { Ok(()) } else { Err(text.into()) }
    })
}

/// Where our MIB and what it builds on are.
fn mibs() -> [PathBuf; 2] {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    [here.join("mibs"), here.join("../../docs/mibs")]
}

/// The words by which net-snmp finds and loads our MIB.
fn with_mib() -> Vec<String> {
    let [standard, own] = mibs().map(|path| path.display().to_string());
    ["-M", &format!("{standard}:{own}"), "-m", "FIXPART-MIB"].map(str::to_owned).into()
}

/// Runs a program of net-snmp on the station with our MIB loaded; these words, the server, and those.
fn ask(place: &Place, program: &str, words: &str, names: &[&str]) -> Result<String, Wrong> {
    let mib = with_mib();
    let mut all: Vec<&str> = mib.iter().map(String::as_str).collect();
    all.extend(words.split_whitespace());
    all.push(BOX);
    all.extend(names);
    place.run("station", program, &all)
}

/// Fails where an answer comes.
fn gets_nothing(place: &Place, words: &str) -> Result<(), Wrong> {
    match ask(place, "snmpget", &format!("-r 0 -t 1 {words}"), &[SERIAL]) {
        Ok(answer) => Err(format!("{words} is answered: {answer}").into()),
        Err(why) if why.to_string().contains("Timeout") => Ok(()),
        Err(why) => Err(format!("{words}: {why}").into()),
    }
}

fn holds(text: &str, words: &[&str]) -> Result<(), Wrong> {
    match words.iter().find(|words| !text.contains(**words)) {
        Some(missing) => Err(format!("no {missing:?} in {text}").into()),
        None => Ok(()),
    }
}

const SERIAL: &str = "FIXPART-MIB::fixpartSerial.0";

fn community(given: &Given) -> Result<String, Wrong> {
    let place = place()?;
    let snmp = "<community>ward-7</community><syscontact>Ada</syscontact><syslocation>cellar</syslocation>";
    let ours = ours(given, &place, snmp, "")?;
    let system = ["1.3.6.1.2.1.1.4.0", "1.3.6.1.2.1.1.6.0", "1.3.6.1.2.1.2.1.0"];
    let said = ask(&place, "snmpget", "-v2c -c ward-7 -On", &system)?;
    holds(&said, &["STRING: \"Ada\"", "STRING: \"cellar\"", "INTEGER: 2"])?;
    // Until the other roles were looked at there are no figures.
    until(|| {
        let said = ask(&place, "snmpwalk", "-v2c -c ward-7", &["fixpartMIB"])?;
        holds(
            &said,
            &[
                "FIXPART-MIB::fixpartVersion.0 = STRING: ",
                "FIXPART-MIB::fixpartUsersTotal.0 = Gauge32: 0 users",
                "FIXPART-MIB::fixpartCallAttempts.0 = Counter32: 0 calls",
                "FIXPART-MIB::fixpartBaseStationsUp.0 = Gauge32: 0 base stations",
                "FIXPART-MIB::fixpartIssueText.1 = STRING: ",
            ],
        )
    })?;
    let everything = |program, words: &str| -> Result<Vec<String>, Wrong> {
        let said = ask(&place, program, &format!("{words} -c ward-7 -On"), &[".1.3"])?;
        // How the end of everything is shown, but for version 1.
        let lines = said.lines().filter(|line| !line.contains("No more variables left"));
        let names = lines.filter_map(|line| line.split_once(" = "));
        Ok(names.map(|(name, _)| name.to_owned()).collect())
    };
    let walked = everything("snmpwalk", "-v2c")?;
    if walked.len() < 100 || walked != everything("snmpbulkwalk", "-v2c -Cr50")? {
        return Err(format!("{} names, and others in bulk", walked.len()).into());
    }
    let old: Vec<String> = everything("snmpwalk", "-v1")?;
    let large = |name: &&String| {
        let columns = [6, 7, 8, 10, 11].map(|it| format!(".1.3.6.1.2.1.31.1.1.1.{it}."));
        columns.iter().any(|column| name.starts_with(column))
    };
    let expected: Vec<String> = walked.iter().filter(|name| !large(name)).cloned().collect();
    if old != expected {
        let not_met: Vec<_> = expected.iter().filter(|name| !old.contains(name)).collect();
        let met: Vec<_> = old.iter().filter(|name| !expected.contains(name)).collect();
        return Err(format!("version 1 does not meet {not_met:?}, but {met:?}").into());
    }
    for wrong in ["-v2c -c public", "-v1 -c public", "-v2c -c ward-77"] {
        gets_nothing(&place, wrong)?;
    }
    observed(&ours, &place, |text| text.contains("snmp_bad_communities 3"))?;
    ours.stop()?;
    Ok(format!("{} variables", walked.len()))
}

/// A user of each kind.
const USERS: &str = "<user>ward</user><auth_password>maplesyrup</auth_password>\
    <privacy_password>bluebell-7</privacy_password>\
    <user2>old</user2><auth2>sha1</auth2><auth_password2>maplesyrup</auth_password2>\
    <privacy_password2>bluebell-7</privacy_password2>\
    <user3>open</user3><auth3>sha256</auth3><auth_password3>maplesyrup</auth_password3><privacy3>none</privacy3>";

fn users(given: &Given) -> Result<String, Wrong> {
    let place = place()?;
    let ours = ours(given, &place, "", USERS)?;
    let right = [
        "-v3 -l authPriv -u ward -a SHA-256 -A maplesyrup -x AES -X bluebell-7",
        "-v3 -l authPriv -u old -a SHA -A maplesyrup -x AES -X bluebell-7",
        "-v3 -l authNoPriv -u open -a SHA-256 -A maplesyrup",
    ];
    for words in right {
        holds(&ask(&place, "snmpget", words, &[SERIAL])?, &["fixpartSerial.0 = STRING:"])?;
    }
    let walked = ask(&place, "snmpbulkwalk", right[0], &[".1.3"])?;
    let engine = || ask(&place, "snmpget", &format!("{} -Oqv", right[0]), &[BOOTS]);
    let boots = engine()?;
    for wrong in [
        "-v3 -l authPriv -u ward -a SHA-256 -A maplesyrop -x AES -X bluebell-7",
        "-v3 -l authPriv -u ward -a SHA-256 -A maplesyrup -x AES -X bluebell-8",
        "-v3 -l authPriv -u ward -a SHA -A maplesyrup -x AES -X bluebell-7",
        "-v3 -l authPriv -u nobody -a SHA-256 -A maplesyrup -x AES -X bluebell-7",
        "-v3 -l authNoPriv -u ward -a SHA-256 -A maplesyrup",
        "-v3 -l noAuthNoPriv -u ward",
        "-v2c -c public",
    ] {
        gets_nothing(&place, wrong)?;
    }
    observed(&ours, &place, |text| text.contains("snmp_bad_keys 2"))?;
    ours.stop()?;
    // The next life has a higher number, and the same name.
    let ours = Ours::start(given, &place, ("box", "mgmt"), "")?;
    observed(&ours, &place, |text| text.contains("SNMP is answered"))?;
    let again = engine()?;
    if (boots.trim(), again.trim()) != ("1", "2") {
        return Err(format!("it began {} and then {} times", boots.trim(), again.trim()).into());
    }
    ours.stop()?;
    Ok(format!("{} variables", walked.lines().count()))
}

/// `snmpEngineBoots.0`.
const BOOTS: &str = ".1.3.6.1.6.3.10.2.1.2.0";

fn permitted(given: &Given) -> Result<String, Wrong> {
    let place = place()?;
    let networks = "<networks>198.51.100.0/24</networks>";
    let ours = ours(given, &place, "<community>ward-7</community>", networks)?;
    gets_nothing(&place, "-v2c -c ward-7")?;
    observed(&ours, &place, |text| text.contains("snmp_refused 1"))?;
    ours.ask(&place, &["config", "set", "fixpart.snmp.networks=192.0.2.2"])?;
    until(|| ask(&place, "snmpget", "-v2c -c ward-7 -r 0", &[SERIAL]))?;
    ours.ask(&place, &["config", "set", "snmp.enable=false"])?;
    observed(&ours, &place, |text| text.contains("SNMP is off"))?;
    gets_nothing(&place, "-v2c -c ward-7")?;
    ours.stop()?;
    Ok(String::new())
}

/// snmptrapd on the station, with this file of settings.
fn trapd(place: &Place, settings: &str) -> Result<Process, Wrong> {
    let path = place.write("trapd/snmptrapd.conf", settings)?;
    let folder = place.folder().join("trapd");
    let mut command = place.command("station", "env");
    command.arg(format!("SNMP_PERSISTENT_DIR={}", folder.display()));
    command.args(["snmptrapd", "-f", "-Lo", "-C", "-c"]).arg(path).args(with_mib());
    command.arg("udp:162");
    let mut process = Process::start("snmptrapd", place.folder(), &mut command)?;
    process.says("NET-SNMP version")?;
    Ok(process)
}

const TO_STATION: &str = "<traphost>192.0.2.2</traphost>";

fn traps(given: &Given) -> Result<String, Wrong> {
    for confirmed in [false, true] {
        let place = place()?;
        let mut trapd = trapd(&place, "authCommunity log trap-7\n")?;
        let snmp = format!("{TO_STATION}<trapcommunity>trap-7</trapcommunity>");
        let fixpart = format!("<trap><confirmed>{confirmed}</confirmed></trap>");
        let ours = ours(given, &place, &snmp, &fixpart)?;
        // coldStart, which none of the modules here has a name for.
        trapd.says("snmpModules.1.1.5.1")?;
        issue(&ours, &place, &mut trapd)?;
        observed(&ours, &place, |text| {
            !text.contains("snmp_told 0") && text.contains("snmp_untold 0")
        })?;
        ours.stop()?;
    }
    Ok(String::new())
}

/// Something that a person has to see to comes and goes.
fn issue(ours: &Ours, place: &Place, trapd: &mut Process) -> Result<(), Wrong> {
    ours.ask(place, &["config", "set", "sip.localport=5070"])?;
    let raised = trapd.hear("that there is an issue", |line| {
        let is = line.contains("fixpartIssueRaised") && line.contains("sip.localport");
        is.then(|| line.to_owned())
    })?;
    holds(&raised, &["FIXPART-MIB::fixpartToldRole.0 = STRING: dect", "fixpartToldText.0"])?;
    ours.ask(place, &["config", "set", "sip.localport=5060"])?;
    trapd.says("fixpartIssueCleared")?;
    Ok(())
}

fn secure_traps(given: &Given) -> Result<String, Wrong> {
    let user = "SHA-256 maplesyrup AES bluebell-7\nauthUser log ward authpriv\n";
    for confirmed in [false, true] {
        let place = place()?;
        let fixpart =
            format!("{USERS}<trap><version>3</version><confirmed>{confirmed}</confirmed></trap>");
        let ours = ours(given, &place, TO_STATION, &fixpart)?;
        // A trap is proven with the sender's name, which its receiver must know; an inform with the receiver's.
        let kept = std::fs::read_to_string(ours.state().join("mgmt/snmp-engine"))?;
        let engine = kept.split(' ').next().unwrap_or_default();
        let whose = if confirmed { String::new() } else { format!("-e 0x{engine} ") };
        let mut trapd = trapd(&place, &format!("createUser {whose}ward {user}"))?;
        issue(&ours, &place, &mut trapd)?;
        if confirmed {
            observed(&ours, &place, |text| text.contains("snmp_untold 0"))?;
        }
        ours.stop()?;
    }
    Ok(String::new())
}

fn lint(_: &Given) -> Result<String, Wrong> {
    let place = Place::new(&["station"])?;
    let [standard, own] = mibs();
    let settings = place.write("smi.conf", &format!("path :{}\n", standard.display()))?;
    let settings = settings.display().to_string();
    let lint = |file: &Path| {
        let file = file.display().to_string();
        // The numbers between the enterprises and us are net-snmp's, and have no name here.
        let words = ["-c", &settings, "-l", "6", "-i", "node-implicit", &file];
        let output = place.command("station", "smilint").args(words).output()?;
        let said = [output.stdout, output.stderr].concat();
        Ok::<_, Wrong>(String::from_utf8_lossy(&said).into_owned())
    };
    let file = own.join("FIXPART-MIB.txt");
    let said = lint(&file)?;
    if !said.is_empty() {
        return Err(said.into());
    }
    let damaged = std::fs::read_to_string(&file)?.replacen("Gauge32", "Gauge33", 2);
    let damaged = place.write("FIXPART-MIB.txt", &damaged)?;
    if lint(&damaged)?.is_empty() {
        return Err("smilint finds nothing in a damaged one either".into());
    }
    Ok(String::new())
}
