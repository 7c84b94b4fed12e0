//! The digest itself (RFC 7616 clause 3.4).

use md5::Md5;
use sha2::{Digest, Sha256, Sha512_256};
use std::fmt::Write as _;
use zeroize::Zeroizing;

/// How the digest is made, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Algorithm {
    /// The default of old.
    Md5,
    /// MD5 with a key for each session.
    Md5Sess,
    /// RFC 8760.
    Sha256,
    /// The same with a key for each session.
    Sha256Sess,
    /// RFC 8760.
    Sha512256,
    /// The same with a key for each session.
    Sha512256Sess,
}

/// What besides the request line is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Qop {
    /// RFC 2069: nothing, and no client nonce.
    None,
    /// `auth`
    Auth,
    /// `auth-int`: the body too.
    AuthInt,
}

/// All that goes into a digest, apart from who one is.
#[derive(Clone, Copy, Debug)]
pub struct Exchange<'a> {
    /// How it is made.
    pub algorithm: Algorithm,
    /// What it protects.
    pub qop: Qop,
    /// The server's nonce.
    pub nonce: &'a str,
    /// The client's nonce.
    pub cnonce: &'a str,
    /// `nc` as it is written: eight hexadecimal digits.
    pub count: &'a str,
    /// Method of the request.
    pub method: &'a str,
    /// The field `uri`, which is the Request-URI.
    pub uri: &'a str,
    /// Body of the request.
    pub body: &'a [u8],
}

impl Algorithm {
    /// The name in the field `algorithm`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Md5Sess => "MD5-sess",
            Self::Sha256 => "SHA-256",
            Self::Sha256Sess => "SHA-256-sess",
            Self::Sha512256 => "SHA-512-256",
            Self::Sha512256Sess => "SHA-512-256-sess",
        }
    }

    /// The algorithm of this name, in any case.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        ALL.into_iter().find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
    }

    /// Whether it has a key for each session, for which the client nonce is needed.
    #[must_use]
    pub const fn has_session(self) -> bool {
        matches!(self, Self::Md5Sess | Self::Sha256Sess | Self::Sha512256Sess)
    }

    /// The secret that stands for a user's password in one realm (`H(A1)` without session).
    #[must_use]
    pub fn key(self, user: &str, realm: &str, password: &str) -> Zeroizing<String> {
        Zeroizing::new(self.hash(&[user.as_bytes(), realm.as_bytes(), password.as_bytes()]))
    }

    /// The field `response`.
    #[must_use]
    pub fn response(self, key: &str, exchange: &Exchange<'_>) -> String {
        let Exchange { nonce, cnonce, count, method, uri, body, .. } = *exchange;
        let key = Zeroizing::new(if self.has_session() {
            self.hash(&[key.as_bytes(), nonce.as_bytes(), cnonce.as_bytes()])
        } else {
            key.to_owned()
        });
        let request = match exchange.qop {
            Qop::AuthInt => {
                let body = self.hash(&[body]);
                self.hash(&[method.as_bytes(), uri.as_bytes(), body.as_bytes()])
            }
            Qop::None | Qop::Auth => self.hash(&[method.as_bytes(), uri.as_bytes()]),
        };
        let (key, request) = (key.as_bytes(), request.as_bytes());
        match exchange.qop {
            Qop::None => self.hash(&[key, nonce.as_bytes(), request]),
            qop => {
                let qop = qop.name().as_bytes();
                let middle = [nonce.as_bytes(), count.as_bytes(), cnonce.as_bytes(), qop];
                let [nonce, count, cnonce, qop] = middle;
                self.hash(&[key, nonce, count, cnonce, qop, request])
            }
        }
    }

    /// Hashes these parts with colons between them.
    fn hash(self, parts: &[&[u8]]) -> String {
        match self {
            Self::Md5 | Self::Md5Sess => hash::<Md5>(parts),
            Self::Sha256 | Self::Sha256Sess => hash::<Sha256>(parts),
            Self::Sha512256 | Self::Sha512256Sess => hash::<Sha512_256>(parts),
        }
    }
}

impl Qop {
    /// The word in the field `qop`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Auth => "auth",
            Self::AuthInt => "auth-int",
        }
    }
}

fn hash<D: Digest>(parts: &[&[u8]]) -> String {
    let mut digest = D::new();
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            digest.update(b":");
        }
        digest.update(part);
    }
    let octets = digest.finalize();
    let mut text = String::with_capacity(2 * octets.len());
    for octet in &octets[..] {
        // Writing to memory does not fail.
        let _ = write!(text, "{octet:02x}");
    }
    text
}

const ALL: [Algorithm; 6] = [
    Algorithm::Md5,
    Algorithm::Md5Sess,
    Algorithm::Sha256,
    Algorithm::Sha256Sess,
    Algorithm::Sha512256,
    Algorithm::Sha512256Sess,
];

#[cfg(test)]
mod tests {
    use super::*;

    const RFC_7616: Exchange<'static> = Exchange {
        algorithm: Algorithm::Md5,
        qop: Qop::Auth,
        nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
        count: "00000001",
        method: "GET",
        uri: "/dir/index.html",
        body: b"v=0\r\n",
    };

    fn response(exchange: &Exchange<'_>) -> String {
        let algorithm = exchange.algorithm;
        let key = algorithm.key("Mufasa", "http-auth@example.org", "Circle of Life");
        algorithm.response(&key, exchange)
    }

    #[test]
    fn the_examples_of_rfc_7616_clause_3_9_1() {
        assert_eq!(response(&RFC_7616), "8ca523f5e9506fed4657c9700eebdbec");
        let sha = Exchange { algorithm: Algorithm::Sha256, ..RFC_7616 };
        assert_eq!(
            response(&sha),
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
        );
    }

    /// The RFC's own numbers are wrong; these are those of its erratum 4897.
    #[test]
    fn the_example_of_rfc_7616_clause_3_9_2() {
        let exchange = Exchange {
            algorithm: Algorithm::Sha512256,
            nonce: "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK",
            cnonce: "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
            uri: "/doe.json",
            ..RFC_7616
        };
        let key = Algorithm::Sha512256.key("Jäsøn Doe", "api@example.org", "Secret, or not?");
        assert_eq!(
            Algorithm::Sha512256.response(&key, &exchange),
            "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"
        );
    }

    #[test]
    fn the_example_of_rfc_2617_with_and_without_qop() {
        let exchange = Exchange {
            nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
            cnonce: "0a4f113b",
            ..RFC_7616
        };
        let key = Algorithm::Md5.key("Mufasa", "testrealm@host.com", "Circle Of Life");
        let with = Algorithm::Md5.response(&key, &exchange);
        assert_eq!(with, "6629fae49393a05397450978507c4ef1");
        let without = Algorithm::Md5.response(&key, &Exchange { qop: Qop::None, ..exchange });
        assert_eq!(without, "670fd8c2df070c60b045671b8b24ff02");
    }

    /// Made with Python's hashlib, since no RFC has an example of them.
    #[test]
    fn sessions_and_bodies_are_hashed() {
        let expected = [
            (Algorithm::Md5Sess, Qop::Auth, "e783283f46242139c486a698fec7211d"),
            (
                Algorithm::Sha256Sess,
                Qop::Auth,
                "2fd51b3a77ad75bad6afad6003e818d767133c46d9e2749e7f5232ae1ea3efd7",
            ),
            (
                Algorithm::Sha512256Sess,
                Qop::Auth,
                "3f2a34f923c38b0fb26dce2fdfc2ce326c23cecf86fbb1444f3e51fbbc2cb92e",
            ),
            (
                Algorithm::Sha256,
                Qop::AuthInt,
                "385d2de062660ced11876f42d9497c69cacf5caaf3d951dd424aee9f7157d563",
            ),
        ];
        for (algorithm, qop, digest) in expected {
            assert_eq!(response(&Exchange { algorithm, qop, ..RFC_7616 }), digest);
        }
    }

    #[test]
    fn every_algorithm_is_found_by_its_name() {
        for algorithm in ALL {
            assert_eq!(Algorithm::of_name(&algorithm.name().to_lowercase()), Some(algorithm));
        }
        assert_eq!(Algorithm::of_name("AKAv1-MD5"), None);
    }
}
