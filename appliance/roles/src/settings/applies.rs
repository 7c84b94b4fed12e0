//! Which changed settings are felt at once, and which have to wait for a restart.

use config::groups::{self, dect, fixpart, sip};
use config::{Applies, Config, Spec};

/// The settings with which a role has begun.
///
/// Those that are felt after a restart stay as they were until then, all of them: half a change would be neither the
/// old nor the new.
pub struct Begun {
    config: Config,
    /// The settings of the role that wait for its restart.
    own: &'static [&'static Spec],
    role: &'static str,
}

impl Begun {
    /// The role `dect` begins with these.
    #[must_use]
    pub const fn dect(config: Config) -> Self {
        Self { config, own: DECT, role: "dect" }
    }

    /// The role `media` begins with these.
    #[must_use]
    pub const fn media(config: Config) -> Self {
        Self { config, own: MEDIA, role: "media" }
    }

    /// What is in force when `config` is what the administrator wants now.
    #[must_use]
    pub fn in_force(&self, config: &Config) -> Config {
        let mut in_force = config.clone();
        for spec in groups::all().filter(|spec| spec.applies == Applies::Restart) {
            for nth in 1..=spec.count {
                // What was in force once cannot be refused.
                let _ = in_force.set_nth(spec, nth, self.config.text(spec, nth));
            }
        }
        in_force
    }

    /// Names those settings of the role that are felt after a restart; `None` where there are none.
    #[must_use]
    pub fn alert(&self, config: &Config) -> Option<String> {
        let mut waiting = Vec::new();
        for spec in self.own {
            let changed = |nth: &u8| self.config.text(spec, *nth) != config.text(spec, *nth);
            waiting.extend((1..=spec.count).filter(changed).map(|nth| spec.path_of(nth)));
        }
        let names = waiting.join(", ");
        let role = self.role;
        (!names.is_empty()).then(|| {
            format!("takes effect after a restart (appliance ctl restart {role}): {names}")
        })
    }
}

/// What the role `dect` keeps as it was until it restarts.
const DECT: &[&Spec] = &[
    fixpart::ARI.spec,
    fixpart::ADDRESS.spec,
    fixpart::TLS_ENABLE.spec,
    fixpart::TLS_PORT.spec,
    fixpart::BLOWFISH_ENABLE.spec,
    fixpart::BLOWFISH_PORT.spec,
    fixpart::MIRROR_ENABLE.spec,
    fixpart::MIRROR_FILE.spec,
    fixpart::MIRROR_UNMASKED_IPEI.spec,
    fixpart::REGISTERS_PER_SECOND.spec,
    dect::FREQUENCY.spec,
    sip::LOCALPORT.spec,
    sip::TRANSPORT.spec,
    sip::TOS.spec,
];

/// The same of the role `media`.
const MEDIA: &[&Spec] =
    &[fixpart::ADDRESS.spec, fixpart::MEDIA_PORTS.spec, sip::MEDIA_PORT.spec, sip::MEDIA_TOS.spec];

#[cfg(test)]
mod tests {
    use super::super::{self as settings, Live};
    use super::*;
    use bus::conf1::{News, Row};
    use iwu::brain;
    use iwu::users::User;
    use std::fmt::Write as _;

    /// Settings of these groups on which another role acts by itself.
    fn is_anothers(spec: &Spec) -> bool {
        let groups = ["fixpart.snmp.", "fixpart.management.", "fixpart.ntp.", "fixpart.syslog."];
        matches!(spec.path, "fixpart.model" | "fixpart.network.dns3")
            || groups.iter().any(|group| spec.path.starts_with(group))
    }

    fn acted_on() -> impl Iterator<Item = &'static Spec> {
        [groups::dect::ALL, groups::sip::ALL, groups::fixpart::ALL]
            .into_iter()
            .flatten()
            .copied()
            .filter(|spec| !spec.later && !is_anothers(spec))
    }

    /// Everything is on, so that a change of any setting has something to change.
    fn config() -> Config {
        let text = "<config><fixpart><ari>10009034</ari><address>127.0.0.1</address>\
             <door><blowfish><enable>true</enable></blowfish></door>\
             <mirror><enable>true</enable></mirror></fixpart>\
             <dect><frequency>Europe</frequency></dect>\
             <sip><proxy><domain>127.0.0.1</domain></proxy></sip></config>";
        Config::read("config.xml", text).unwrap().0
    }

    /// Another text that the setting takes.
    fn other(spec: &Spec, config: &Config) -> String {
        let numbers = spec.range.0..=spec.range.1.min(spec.range.0.saturating_add(200));
        let words = [
            "true",
            "false",
            "Enabled",
            "USA",
            "deregister",
            "tcp",
            "dnssrv",
            "2,1,0,0,0,0",
            "sip:127.0.0.7:5099",
            "20009034",
            "127.0.0.9",
            "00077 0000009",
            "30",
            "other.pcapng",
            "elsewhere.test",
        ];
        let all = words.iter().map(|word| (*word).to_owned()).chain(numbers.map(|n| n.to_string()));
        let mut fitting = all.filter(|text| (spec.check)(spec, text).is_ok());
        fitting.find(|text| text != config.text(spec, 1)).unwrap()
    }

    fn live(config: &Config) -> Live {
        let fields =
            [("username", "201")].into_iter().collect::<config::roster::Fields>().into_piece();
        let row = Row { key: "201".into(), fields };
        let news = News { number: 1, whole: true, put: vec![row.into()], removed: vec![] };
        Live::begin(config.clone(), news, None)
    }

    fn print(settings: &brain::Settings, users: &[User]) -> String {
        let brain::Settings { codecs, ptime_ms, events, info_keys, key_duration, .. } = settings;
        let brain::Settings { pound_dials, deregister_on_detach, ring_timeout, .. } = settings;
        let code = settings.access_code.as_ref().map(|code| code.expose().to_owned());
        let mut text = format!(
            "{:?} {:?} {codecs:?} {ptime_ms} {events:?} {info_keys} {key_duration:?} {pound_dials} \
             {deregister_on_detach} {ring_timeout:?} {code:?}",
            settings.dect, settings.sip
        );
        for User { account, .. } in users {
            let (user, domain, auth) = (&account.user, &account.domain, &account.auth_user);
            let _ = write!(text, " {user} {domain} {auth} {}", account.password.expose());
        }
        text
    }

    fn in_force(live: &Live) -> String {
        print(&live.brain(), &live.users())
    }

    /// Everything that the two roles take from the settings when they begin.
    fn at_the_begin(config: &Config) -> String {
        let sip = settings::sip_sockets(config);
        let mirror = settings::mirror(config, "/state".as_ref());
        let media =
            (settings::ports(config, settings::address(config)), settings::media_tos(config));
        let doors = (settings::doors(config), settings::listen(config));
        format!("{} {sip:?} {mirror:?} {media:?} {doors:?}", in_force(&live(config)))
    }

    #[test]
    fn each_setting_is_felt_when_the_table_says_it_is() {
        let before = config();
        for spec in acted_on() {
            let mut changed = before.clone();
            changed.set(spec, &other(spec, &before)).unwrap();
            assert_ne!(at_the_begin(&changed), at_the_begin(&before), "{} is not read", spec.path);
            let mut live = live(&before);
            let was = in_force(&live);
            live.set(&changed);
            let felt = in_force(&live) != was;
            assert_eq!(felt, spec.applies != Applies::Restart, "{}", spec.path);
        }
    }

    #[test]
    fn each_setting_that_waits_for_a_restart_is_named_by_a_role_and_no_other_is() {
        let waiting: Vec<&str> = acted_on()
            .filter(|spec| spec.applies == Applies::Restart)
            .map(|spec| spec.path)
            .collect();
        for path in &waiting {
            let named = DECT.iter().chain(MEDIA).any(|spec| spec.path == *path);
            assert!(named, "{path} is nobody's");
        }
        for spec in DECT.iter().chain(MEDIA) {
            assert!(waiting.contains(&spec.path), "{} does not wait", spec.path);
        }
        let (before, mut now) = (config(), config());
        now.set(sip::LOCALPORT.spec, "5070").unwrap();
        now.set(fixpart::ARI.spec, "20009034").unwrap();
        now.set(sip::MEDIA_PORT.spec, "40000").unwrap();
        now.set(sip::MAXFORWARDS.spec, "9").unwrap();
        assert_eq!(
            Begun::dect(before.clone()).alert(&now).as_deref(),
            Some(
                "takes effect after a restart (appliance ctl restart dect): fixpart.ari, sip.localport"
            )
        );
        assert_eq!(
            Begun::media(before.clone()).alert(&now).as_deref(),
            Some("takes effect after a restart (appliance ctl restart media): sip.media.port")
        );
        assert_eq!(Begun::dect(before.clone()).alert(&before), None);
    }

    #[test]
    fn what_waits_for_a_restart_does_not_change_by_going_there_and_back() {
        let (before, mut now) = (config(), config());
        now.set(sip::LOCALPORT.spec, "5070").unwrap();
        let mut live = live(&before);
        let was = in_force(&live);
        live.set(&now);
        assert_eq!(live.alerts().len(), 1);
        live.set(&before);
        assert_eq!((live.alerts().len(), in_force(&live)), (0, was));
    }
}
