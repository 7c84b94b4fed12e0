//! What is shown: asked of the supervisor, of the kernel, and read from files.

use crate::conf_client::{Conf, ConfClient, Follows, Heard};
use crate::network::REPORT;
use crate::settings;
use crate::supervisor::Supervisor;
use config::Config;
use config::groups::{dect, fixpart};
use menu::{Answer, Deed, Interface, Link, View};
use os::link;
use std::io::Read as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use supervise::control::{self, Request, Shown, Standing};

/// What is looked at beside the supervisor and the kernel.
#[derive(Debug)]
pub struct Sources {
    /// Where the settings are kept.
    pub conf: Conf,
    /// What was written at manufacture.
    pub identity: PathBuf,
    /// Where the sockets of the roles are, and what was found out about the network.
    pub sockets: PathBuf,
}

/// Whoever collects what is shown.
pub(super) struct Look {
    supervisor: Supervisor,
    sources: Sources,
    conf: ConfClient,
    /// The settings as they were last heard of.
    config: Option<Box<Config>>,
    begun: Instant,
}

impl Look {
    pub(super) fn new(supervisor: Supervisor, sources: Sources) -> Self {
        let conf = ConfClient::follow(sources.conf.clone(), Follows::Settings);
        Self { supervisor, sources, conf, config: None, begun: Instant::now() }
    }

    /// What is to be shown now.
    pub(super) async fn view(&mut self) -> View {
        while let Some(heard) = self.conf.heard() {
            if let Heard::Settings(config) = heard {
                self.config = Some(config);
            }
        }
        let standing = self.standing().await;
        let mut alerts = Vec::new();
        let report = self.report();
        let line = |key: &str| {
            let mut lines = report.lines();
            lines.find_map(|line| line.strip_prefix(key)?.strip_prefix(' ')).map(str::to_owned)
        };
        alerts.extend(line("problem"));
        alerts.extend(self.roles().await);
        alerts.extend(self.radio());
        View {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            name: line("name").unwrap_or_else(|| "unknown".into()),
            standing,
            interfaces: interfaces(),
            address: line("address").unwrap_or_else(|| "unknown".into()),
            page: None,
            alerts,
        }
    }

    /// Tells the supervisor; `None`: this is none of its business.
    pub(super) async fn order(&self, deed: Deed) -> Option<Answer> {
        let request = match deed {
            Deed::Ping(_) => return None,
            Deed::Address(fixed) => Request::Address(fixed),
            Deed::AsItWas => Request::AsItWas,
            Deed::OtherSlot => Request::OtherSlot,
            Deed::Reset(scope) => Request::Reset(scope),
            Deed::Restart => Request::Reboot,
            Deed::PowerOff => Request::PowerOff,
        };
        Some(match self.supervisor.ask(&request).await {
            Ok(control::Answer::Done) => Answer::Done,
            Ok(_) => Answer::Refused,
            Err(_) => Answer::Silent,
        })
    }

    async fn standing(&self) -> Option<Standing> {
        match self.supervisor.ask(&Request::Standing).await {
            Ok(control::Answer::Standing(standing)) => Some(standing),
            _ => None,
        }
    }

    /// What should be seen to of the roles.
    async fn roles(&self) -> Vec<String> {
        let roles = self.supervisor.roles().await.unwrap_or_default();
        let concern = |view: &control::View| {
            let name = view.name.as_str();
            match view.state {
                Shown::Down => Some(format!("the role {name} is down: it died too often")),
                Shown::Refused => {
                    Some(format!("the role {name} refuses its settings; the log has the reason"))
                }
                _ => None,
            }
        };
        roles.iter().filter_map(concern).collect()
    }

    /// Why the radio is off, if it is.
    fn radio(&self) -> Vec<String> {
        let mut alerts = Vec::new();
        let Some(config) = &self.config else {
            // The menu does without them: what keeps them may be the reason for safe mode.
            if self.begun.elapsed() > SETTLED {
                alerts.push("the settings are not known: the role conf does not answer".into());
            }
            return alerts;
        };
        let assigned = || settings::assigned_ari(&self.sources.identity);
        if config.get(&fixpart::ARI).or_else(assigned).is_none() {
            alerts.push("radio off: no ARI is set (fixpart.ari); it comes with your order".into());
        }
        if config.get(&dect::FREQUENCY).is_none() {
            alerts.push("radio off: no region is set (dect.frequency)".into());
        }
        alerts
    }

    /// What the helper for the network has found out.
    fn report(&self) -> String {
        let mut text = String::new();
        let file = std::fs::File::open(self.sources.sockets.join(REPORT));
        // Without it there is nothing to say.
        let _ = file.map(|file| file.take(REPORT_MAX).read_to_string(&mut text));
        text
    }
}

/// The devices, and the VLANs above them.
fn interfaces() -> Vec<Interface> {
    let addresses = link::addresses().unwrap_or_default();
    let mut links = link::links().unwrap_or_default();
    links.retain(|it| it.ethernet && it.kind.as_deref().is_none_or(|kind| kind == "vlan"));
    links.sort_by(|a, b| a.name.cmp(&b.name));
    let shown = |it: &link::Link| {
        let own = addresses.iter().filter(|address| address.index == it.index);
        Interface {
            name: it.name.clone(),
            link: match (it.up, it.running) {
                (true, true) => Link::Up,
                (true, false) => Link::NoCarrier,
                (false, _) => Link::Down,
            },
            mac: it.mac,
            addresses: own.map(|address| (address.address, address.prefix)).collect(),
        }
    };
    links.iter().map(shown).collect()
}

/// The role that keeps the settings has begun by then, or something is wrong.
const SETTLED: Duration = Duration::from_secs(15);
/// Three lines.
const REPORT_MAX: u64 = 4096;
