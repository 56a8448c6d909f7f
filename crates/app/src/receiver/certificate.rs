//! The certificate of this computer, which phones trust once somebody has installed it there: where it lies, and what
//! it is for.
//!
//! Its key lies in the data folder beside the store, in a file that only the owner can read. It is no use to anybody
//! who cannot read the store as well: it may speak for this computer alone. No key store holds it, because a receiver
//! that starts with the computer, or on one without a screen, has none that is open.

use std::fs;
use std::io::{self, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use health::time::format_instant;
use net::discovery::host;
use net::{Authority, Https};
use serde::Serialize;
use store::Store;

use super::announce;
use super::place::{FOLDER, listening};
use super::{Options, addresses};
use crate::error::{About, Code, Error, Result};
use crate::folder::{Folder, create_private, private_file};
use crate::new_file::new_file;

/// The setting that says whether connections are encrypted: `no`, `yes`, or `only` where others are let in no further.
pub(crate) const SETTING: &str = "receiver_https";
/// The file with the certificate and its key.
const FILE: &str = "authority.json";
/// The end of a file's name by which an iPhone knows that it can install it.
const PROFILE: &str = "mobileconfig";

/// The certificate of this computer, as far as there is one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CertificateAnswer {
    /// The setting `receiver_https`: `no`, `yes` or `only`.
    pub https: String,
    /// What it is called on a phone; null where there is none yet. The first receiver that encrypts makes it.
    pub name: Option<String>,
    /// SHA-256 of it, in hexadecimal digits.
    pub fingerprint: Option<String>,
    /// The names and addresses that it may speak for, and no others.
    pub hosts: Vec<String>,
    /// The names and addresses of this computer that it may not speak for: there nothing is encrypted.
    pub others: Vec<String>,
    /// When it ends.
    pub until: Option<String>,
}

/// Tells of the certificate of this computer.
pub fn certificate(folder: &Folder) -> Result<CertificateAnswer> {
    let store = folder.read()?;
    let https = store.setting(SETTING)?.unwrap_or_else(|| "no".to_owned());
    let Some(authority) = read(folder)? else { return Ok(CertificateAnswer { https, ..Default::default() }) };
    let texts = authority.addresses().iter().map(ToString::to_string);
    let hosts: Vec<String> = std::iter::once(authority.host().to_owned()).chain(texts).collect();
    // Where there is no address now, there is none to miss.
    let (name, now) = reach(folder, &store).unwrap_or_default();
    let now = std::iter::once(name).chain(now.iter().map(ToString::to_string));
    let others = now.filter(|own| !own.is_empty() && !hosts.contains(own)).collect();
    Ok(CertificateAnswer {
        https,
        name: Some(authority.name().to_owned()),
        fingerprint: Some(authority.fingerprint()),
        hosts,
        others,
        until: Some(format_instant(authority.until_ms())),
    })
}

/// Writes the certificate, without its key, into a file that does not exist yet: a configuration profile where its name
/// ends in `.mobileconfig`, which an iPhone installs; else PEM. Makes the certificate where there is none yet.
pub fn save(folder: &Folder, file: &Path, now_ms: i64) -> Result<CertificateAnswer> {
    let authority = match read(folder)? {
        Some(authority) => authority,
        None => {
            let (name, addresses) = reach(folder, &folder.write()?)?;
            make(folder, &name, &addresses, now_ms)?
        }
    };
    let is_profile = file.extension().is_some_and(|end| end.eq_ignore_ascii_case(PROFILE));
    let text = if is_profile { authority.profile() } else { authority.pem().to_owned() };
    new_file(file, |path| fs::write(path, &text).writing(file))?;
    certificate(folder)
}

/// Makes a new certificate for the names and addresses of today. Every phone that is to send encrypted has to install
/// it anew; a receiver that runs shows it within seconds.
pub fn renew(folder: &Folder, now_ms: i64) -> Result<CertificateAnswer> {
    let (name, addresses) = reach(folder, &folder.write()?)?;
    make(folder, &name, &addresses, now_ms)?;
    certificate(folder)
}

/// How a receiver encrypts, by the setting; where it does, and nobody has made a certificate yet, this does.
pub(super) fn https(folder: &Folder, store: &Store, addresses: &[IpAddr], now_ms: i64) -> Result<Option<Https>> {
    let is_only = match store.setting(SETTING)?.as_deref() {
        Some("yes") => false,
        Some("only") => true,
        _ => return Ok(None),
    };
    let authority = match read(folder)? {
        Some(authority) => authority,
        None => make(folder, &local(store)?, addresses, now_ms)?,
    };
    Ok(Some(Https { authority: Arc::new(authority), is_only }))
}

fn path(folder: &Folder) -> PathBuf {
    folder.dir().join(FOLDER).join(FILE)
}

fn read(folder: &Folder) -> Result<Option<Authority>> {
    let path = path(folder);
    match fs::read_to_string(&path) {
        Ok(text) => Authority::from_json(&text).map(Some).map_err(|_| unusable()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).reading(&path),
    }
}

fn make(folder: &Folder, host: &str, addresses: &[IpAddr], now_ms: i64) -> Result<Authority> {
    let authority = Authority::new(host, addresses, now_ms).map_err(super::failed)?;
    let path = path(folder);
    let part = path.with_extension("part");
    create_private(folder.dir())?;
    create_private(&folder.dir().join(FOLDER))?;
    let mut file = private_file(&part, &path)?;
    file.write_all(authority.to_json().as_bytes()).and_then(|()| file.sync_all()).writing(&path)?;
    fs::rename(&part, &path).writing(&path)?;
    Ok(authority)
}

fn unusable() -> Error {
    Error::new(
        Code::File,
        "The certificate of this computer cannot be read.",
        "`vitalog certificate renew` makes a new one; phones have to install it again.",
    )
}

/// The name and the addresses by which phones reach this computer: of the receiver that runs, else of one that would.
fn reach(folder: &Folder, store: &Store) -> Result<(String, Vec<IpAddr>)> {
    let at = listening(folder).unwrap_or_default();
    let name = match at.name() {
        Some(name) => name.to_owned(),
        None => local(store)?,
    };
    let mut found = at.addresses();
    if found.is_empty() {
        let bound = addresses(store, &Options::default())?.into_iter().map(|at| at.ip());
        found = bound.filter_map(|ip| if ip.is_unspecified() { net::address() } else { Some(ip) }).collect();
    }
    Ok((name, found))
}

/// The name that the network is told.
fn local(store: &Store) -> Result<String> {
    Ok(format!("{}.local", host(&announce::name(store)?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestFolder;

    const NOW: i64 = 1_773_471_600_000;
    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 168, 1, 20));

    fn set(folder: &Folder, key: &str, value: &str) {
        crate::settings::set(folder, key, value).expect("set");
    }

    #[test]
    fn the_first_receiver_that_encrypts_makes_it_and_the_next_one_has_the_same() {
        let folder = TestFolder::new("certificate-first");
        let of = |addresses: &[IpAddr]| {
            let store = folder.write().expect("a store");
            https(&folder, &store, addresses, NOW).expect("asked")
        };
        assert!(of(&[HERE]).is_none() && !path(&folder).exists());
        set(&folder, "receiver_name", "Kim");
        set(&folder, SETTING, "yes");
        let first = of(&[HERE]).expect("encrypted");
        assert_eq!((first.authority.host(), first.authority.addresses()), ("kim-hv.local", &[HERE][..]));
        set(&folder, SETTING, "only");
        let again = of(&[]).expect("encrypted");
        assert_eq!(again.authority.fingerprint(), first.authority.fingerprint());
        assert!(again.is_only && !first.is_only);
        set(&folder, SETTING, "no");
        assert!(of(&[HERE]).is_none());
    }

    #[cfg(unix)]
    #[test]
    fn its_key_is_for_the_owners_eyes_only() {
        use std::os::unix::fs::PermissionsExt;
        let folder = TestFolder::new("certificate-private");
        make(&folder, "kim-hv.local", &[HERE], NOW).expect("made");
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!((mode(&path(&folder)), mode(&folder.dir().join(FOLDER))), (0o600, 0o700));
        let saved = folder.dir().join("vitalog.mobileconfig");
        let answer = save(&folder, &saved, NOW).expect("saved");
        let text = fs::read_to_string(&saved).expect("there");
        assert!(text.contains("com.apple.security.root") && !text.contains("PRIVATE"), "{text}");
        save(&folder, &folder.dir().join("vitalog.pem"), NOW).expect("saved");
        let text = fs::read_to_string(folder.dir().join("vitalog.pem")).expect("there");
        assert!(text.starts_with("-----BEGIN CERTIFICATE-----") && !text.contains("PRIVATE"), "{text}");
        assert_eq!(save(&folder, &saved, NOW).expect_err("it is there").code, Code::File);
        assert_eq!(answer.until.as_deref(), Some("2036-03-11T07:00:00.000Z"));
    }

    #[test]
    fn a_new_one_is_made_when_the_owner_says_so_and_a_torn_one_is_told() {
        let folder = TestFolder::new("certificate-renew");
        set(&folder, "receiver_bind", "127.0.0.1");
        set(&folder, "receiver_name", "Kim");
        make(&folder, "ada-hv.local", &[HERE], NOW).expect("made");
        let before = certificate(&folder).expect("told");
        assert_eq!(before.hosts, ["ada-hv.local", "192.168.1.20"]);
        assert_eq!(before.others, ["kim-hv.local", "127.0.0.1"]);
        let after = renew(&folder, NOW).expect("renewed");
        assert_eq!((after.hosts, after.others), (before.others, Vec::new()));
        assert_ne!(after.fingerprint, before.fingerprint);
        fs::write(path(&folder), "{").expect("torn");
        let error = certificate(&folder).expect_err("torn");
        assert!(error.hint.contains("certificate renew") && !error.message.contains('/'), "{error:?}");
        renew(&folder, NOW).expect("a whole one again");
    }
}
