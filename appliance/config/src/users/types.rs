//! The types that only users have.

/// An analogue line of a 2500 or 8000, written `xxyyzzzz`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lid {
    /// 1 to 8.
    pub shelf: u8,
    /// Within the shelf, 1 to 8.
    pub card: u8,
    /// On the card, 0 to 15.
    pub line: u8,
}

/// What carries a user's calls on a 2500 or 8000.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineType {
    /// `D`: calls inside the server only.
    Dect,
    /// `S`.
    Sip,
    /// `A`: an analogue line.
    Analogue,
}

/// How a user and a handset belong together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LinkKind {
    /// For good: nobody else can use this handset, and the user no other.
    #[default]
    Fixed,
    /// Until the user signs out.
    Dynamic,
}

/// The language of a handset, by the name that the handset has for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Language(pub Option<String>);
