//! The kinds of machines that images are made for.

/// One of them, by the names that it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arch {
    /// In the names of our files, and the kernel's.
    pub(crate) name: &'static str,
    /// Debian's.
    pub(crate) debian: &'static str,
    /// Rust's.
    pub(crate) triple: &'static str,
    /// The compiler that makes programs for it elsewhere; Rust links with it.
    pub(crate) compiler: &'static str,
    /// Debian's packages with that, and with the C library that it links.
    pub(crate) compiler_packages: [&'static str; 2],
    /// The package that stands for the newest kernel with drivers for real hardware.
    pub(crate) kernel: &'static str,
    /// What else of Debian ends up in an image.
    pub(crate) inside: &'static [&'static str],
}

/// PCs.
pub(crate) const X86_64: Arch = Arch {
    name: "x86_64",
    debian: "amd64",
    triple: "x86_64-unknown-linux-gnu",
    compiler: "x86_64-linux-gnu-gcc",
    compiler_packages: ["gcc-x86-64-linux-gnu", "libc6-dev-amd64-cross"],
    kernel: "linux-image-amd64",
    inside: &["e2fsck-static", "grub-efi-amd64-bin", "grub-pc-bin"],
};

/// 64-bit Arm with EFI.
pub(crate) const AARCH64: Arch = Arch {
    name: "aarch64",
    debian: "arm64",
    triple: "aarch64-unknown-linux-gnu",
    compiler: "aarch64-linux-gnu-gcc",
    compiler_packages: ["gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross"],
    kernel: "linux-image-arm64",
    inside: &["e2fsck-static", "grub-efi-arm64-bin"],
};

/// The one that the option `--arch` names; a PC without it.
///
/// # Errors
/// When it names none.
pub(crate) fn asked_for(words: &[String]) -> Result<Arch, String> {
    let mut name = X86_64.name;
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        match word.strip_prefix("--arch") {
            Some("") => name = rest.next().map_or("", String::as_str),
            Some(value) => name = value.strip_prefix('=').unwrap_or_default(),
            None => {}
        }
    }
    [X86_64, AARCH64]
        .into_iter()
        .find(|arch| arch.name == name)
        .ok_or_else(|| format!("--arch is {} or {}", X86_64.name, AARCH64.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_is_named_in_either_form_or_is_a_pc() {
        let asked = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            asked_for(&words).map(|arch| arch.name)
        };
        assert_eq!(asked(&["--size", "2048"]), Ok("x86_64"));
        assert_eq!(asked(&["--size", "2048", "--arch", "aarch64"]), Ok("aarch64"));
        assert_eq!(asked(&["--arch=aarch64"]), Ok("aarch64"));
        for wrong in [&["--arch"][..], &["--arch", "vax"], &["--arch="]] {
            assert_eq!(asked(wrong), Err("--arch is x86_64 or aarch64".to_owned()));
        }
    }
}
