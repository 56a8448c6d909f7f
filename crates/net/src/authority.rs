//! The computer's own certificate authority: one certificate that a phone is told to trust, and short-lived ones for
//! the receiver that it signs.
//!
//! No app on a phone trusts a certificate by itself that nobody known has signed, and nobody known signs one for a
//! computer at home. So this one is made here, and its key never leaves this computer. It may speak for this computer
//! alone: whoever steals the key is no bank, no router and no other computer to that phone. Keeps no file and asks no
//! clock; who holds it says where it lies and what time it is.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use health::digest::{hex, sha256};
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints, SanType, SerialNumber, date_time_ymd,
};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;
use serde::{Deserialize, Serialize};

use crate::error::{ErrorKind, Result};
use crate::{profile, secret};

const DAY_MS: i64 = 86_400_000;
/// Phones whose clock is late take it all the same.
const EARLY_MS: i64 = DAY_MS;
/// How long the authority lives: a new one has to be trusted by hand.
const AUTHORITY_MS: i64 = 3_650 * DAY_MS;
/// How long a certificate of the receiver lives. Phones take none of more than 825 days.
const LEAF_MS: i64 = 397 * DAY_MS;
/// How long before its end a certificate is made anew.
const DUE_MS: i64 = 30 * DAY_MS;

/// What is written down of an authority. It holds the key: a file of it is for its owner's eyes only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    /// What it is called on a phone.
    name: String,
    /// The one name that it may speak for, `kims-desktop-hv.local`.
    host: String,
    /// The addresses that it may speak for.
    addresses: Vec<IpAddr>,
    /// From when it is good, in milliseconds since 1970 in UTC.
    from_ms: i64,
    /// Until when.
    until_ms: i64,
    /// The certificate, as PEM.
    certificate: String,
    /// The key, as PEM.
    key: String,
}

/// A certificate authority that may speak for this computer alone.
pub struct Authority {
    kept: Kept,
    certificate: CertificateDer<'static>,
    key: KeyPair,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").field("fingerprint", &self.fingerprint()).finish_non_exhaustive()
    }
}

/// What the receiver shows to phones.
#[derive(Debug, Clone)]
pub(crate) struct Leaf {
    /// The certificate with its chain and key.
    pub certified: Arc<CertifiedKey>,
    /// The names that it is for.
    pub names: Vec<String>,
    /// The addresses that it is for.
    pub addresses: Vec<IpAddr>,
    /// From when on another one is to be made, in milliseconds since 1970 in UTC.
    pub due_ms: i64,
}

impl Authority {
    /// Makes one that may speak for a name under `.local` and for addresses of this computer, from a day before
    /// `now_ms`, for ten years.
    pub fn new(host: &str, addresses: &[IpAddr], now_ms: i64) -> Result<Self> {
        let label = host.trim_end_matches(".local");
        let kept = Kept {
            name: format!("Vitalog {label} {}", &secret::short_id()?[..4]),
            host: host.to_owned(),
            addresses: addresses.to_vec(),
            from_ms: now_ms - EARLY_MS,
            until_ms: now_ms + AUTHORITY_MS,
            certificate: String::new(),
            key: String::new(),
        };
        let key = KeyPair::generate().map_err(failed)?;
        let certificate = kept.params()?.self_signed(&key).map_err(failed)?;
        let kept = Kept { certificate: certificate.pem(), key: key.serialize_pem(), ..kept };
        Ok(Self { certificate: certificate.der().clone(), kept, key })
    }

    /// Reads what [`Self::to_json`] wrote.
    pub fn from_json(text: &str) -> Result<Self> {
        let kept: Kept = serde_json::from_str(text).map_err(failed)?;
        let key = KeyPair::from_pem(&kept.key).map_err(failed)?;
        let certificate = CertificateDer::from_pem_slice(kept.certificate.as_bytes()).map_err(failed)?;
        Ok(Self { kept, certificate, key })
    }

    /// All of it, with its key: for a file of the owner's alone.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(&self.kept).unwrap_or_default()
    }

    /// What it is called on a phone.
    pub fn name(&self) -> &str {
        &self.kept.name
    }

    /// The name that it may speak for.
    pub fn host(&self) -> &str {
        &self.kept.host
    }

    /// The addresses that it may speak for.
    pub fn addresses(&self) -> &[IpAddr] {
        &self.kept.addresses
    }

    /// When it ends, in milliseconds since 1970 in UTC.
    pub fn until_ms(&self) -> i64 {
        self.kept.until_ms
    }

    /// The certificate without its key, as PEM: for computers and programs that are to trust it.
    pub fn pem(&self) -> &str {
        &self.kept.certificate
    }

    /// The certificate as a configuration profile, which an iPhone or iPad installs. In the language that is spoken.
    pub fn profile(&self) -> String {
        profile::profile(&self.kept.name, &self.kept.certificate, &self.certificate)
    }

    /// SHA-256 of the certificate, in hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        hex(&sha256(&self.certificate))
    }

    /// Signs a certificate for those of the names and addresses that it may speak for; none where there are none, or
    /// where its own time is over.
    pub(crate) fn leaf(&self, names: &[String], addresses: &[IpAddr], now_ms: i64) -> Result<Option<Leaf>> {
        let names: Vec<String> =
            names.iter().filter(|name| name.eq_ignore_ascii_case(&self.kept.host)).cloned().collect();
        let addresses: Vec<IpAddr> = addresses.iter().filter(|ip| self.kept.addresses.contains(ip)).copied().collect();
        if (names.is_empty() && addresses.is_empty()) || now_ms >= self.kept.until_ms {
            return Ok(None);
        }
        self.sign(names, addresses, now_ms).map(Some)
    }

    /// Signs whatever it is told.
    fn sign(&self, names: Vec<String>, addresses: Vec<IpAddr>, now_ms: i64) -> Result<Leaf> {
        let until_ms = (now_ms + LEAF_MS).min(self.kept.until_ms);
        let mut params = CertificateParams::default();
        lives(&mut params, now_ms - EARLY_MS, until_ms);
        params.serial_number = Some(serial()?);
        params.distinguished_name = called(names.first().unwrap_or(&self.kept.host));
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let dns = names.iter().map(|name| Ok(SanType::DnsName(name.as_str().try_into().map_err(failed)?)));
        let ips = addresses.iter().map(|ip| Ok(SanType::IpAddress(*ip)));
        params.subject_alt_names = dns.chain(ips).collect::<Result<_>>()?;
        let key = KeyPair::generate().map_err(failed)?;
        let issuer = Issuer::new(self.kept.params()?, &self.key);
        let certificate = params.signed_by(&key, &issuer).map_err(failed)?;
        let chain = vec![certificate.der().clone(), self.certificate.clone()];
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let key = ring::sign::any_supported_type(&key).map_err(failed)?;
        let certified = Arc::new(CertifiedKey::new(chain, key));
        // Nothing that is made later lives longer than the authority.
        let due_ms = if until_ms < self.kept.until_ms { until_ms - DUE_MS } else { until_ms };
        Ok(Leaf { certified, names, addresses, due_ms })
    }
}

impl Kept {
    fn params(&self) -> Result<CertificateParams> {
        let mut params = CertificateParams::default();
        lives(&mut params, self.from_ms, self.until_ms);
        params.serial_number = Some(serial()?);
        params.distinguished_name = called(&self.name);
        // It signs the receiver's certificates and no further authority.
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        // Whatever it signed, it would vouch for no mail and no program.
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let host = GeneralSubtree::DnsName(self.host.clone());
        let addresses = self.addresses.iter().map(|ip| {
            let whole = if ip.is_ipv4() { 32 } else { 128 };
            GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(*ip, whole))
        });
        let mut permitted: Vec<GeneralSubtree> = std::iter::once(host).chain(addresses).collect();
        if self.addresses.is_empty() {
            // A kind of name that no constraint speaks of is free.
            permitted.push(GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix([127, 0, 0, 1], 32)));
        }
        params.name_constraints =
            Some(NameConstraints { permitted_subtrees: permitted, excluded_subtrees: Vec::new() });
        Ok(params)
    }
}

fn called(name: &str) -> DistinguishedName {
    let mut called = DistinguishedName::new();
    called.push(DnType::CommonName, name);
    called
}

/// Sixteen random bytes, of which the first keeps the number positive and its length.
fn serial() -> Result<SerialNumber> {
    let mut bytes = secret::random::<16>()?;
    bytes[0] = bytes[0] & 0x3f | 0x40;
    Ok(SerialNumber::from_slice(&bytes))
}

/// Says from when until when a certificate is good, to the second.
fn lives(params: &mut CertificateParams, from_ms: i64, until_ms: i64) {
    let instant = |ms: i64| date_time_ymd(1970, 1, 1) + Duration::from_secs(u64::try_from(ms / 1_000).unwrap_or(0));
    (params.not_before, params.not_after) = (instant(from_ms), instant(until_ms));
}

fn failed(error: impl std::fmt::Display) -> crate::Error {
    ErrorKind::Certificate(error.to_string()).into()
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use rustls::RootCertStore;
    use rustls::client::WebPkiServerVerifier;
    use rustls::client::danger::ServerCertVerifier as _;
    use rustls::pki_types::{ServerName, UnixTime};
    use x509_parser::prelude::*;

    use super::*;

    const NOW: i64 = 1_773_471_600_000;
    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 168, 1, 20));
    const THERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 168, 1, 21));
    const HOST: &str = "kims-desktop-hv.local";

    fn authority() -> Authority {
        Authority::new(HOST, &[HERE, "fd00::2".parse().expect("an address")], NOW).expect("an authority")
    }

    fn texts(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    /// Asks another implementation whether a phone that trusts the authority believes the certificate.
    fn believed(authority: &Authority, leaf: &Leaf, name: &str, now_ms: i64) -> std::result::Result<(), String> {
        let mut roots = RootCertStore::empty();
        roots.add(authority.certificate.clone()).expect("a root");
        let provider = Arc::new(ring::default_provider());
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().expect("built");
        let [own, ..] = &leaf.certified.cert[..] else { panic!("no certificate") };
        let name = ServerName::try_from(name.to_owned()).expect("a name");
        let at = UnixTime::since_unix_epoch(Duration::from_millis(now_ms.unsigned_abs()));
        let told = verifier.verify_server_cert(own, &[], &name, &[], at);
        told.map(drop).map_err(|error| error.to_string())
    }

    #[test]
    fn a_phone_that_trusts_it_believes_our_names_and_no_others() {
        let authority = authority();
        let leaf = authority.leaf(&texts(&[HOST]), &[HERE], NOW).expect("asked").expect("signed");
        assert_eq!(believed(&authority, &leaf, HOST, NOW), Ok(()));
        assert_eq!(believed(&authority, &leaf, "192.168.1.20", NOW), Ok(()));
        for other in ["192.168.1.21", "kims-desktop.local", "bank.example", "127.0.0.1"] {
            believed(&authority, &leaf, other, NOW).expect_err(other);
        }
    }

    /// Whoever has the key signs what he likes; it helps him nothing.
    #[test]
    fn a_foreign_name_is_refused_although_the_key_signed_it() {
        let authority = authority();
        let check = |names: &[&str], addresses: &[IpAddr], asked: &str| {
            let forged = authority.sign(texts(names), addresses.to_vec(), NOW).expect("signed");
            let why = believed(&authority, &forged, asked, NOW).expect_err(asked);
            assert!(why.contains("NameConstraintViolation"), "{asked}: {why}");
        };
        check(&["bank.example"], &[], "bank.example");
        check(&["router.local"], &[], "router.local");
        check(&["kims-desktop-hv.local.evil.example"], &[], "kims-desktop-hv.local.evil.example");
        check(&[], &[THERE], "192.168.1.21");
        check(&[], &["fd00::3".parse().expect("an address")], "fd00::3");
        // A foreign name is not let in by one of ours beside it.
        check(&[HOST, "bank.example"], &[HERE], HOST);
    }

    #[test]
    fn without_an_address_it_speaks_for_none() {
        let authority = Authority::new(HOST, &[], NOW).expect("an authority");
        let forged = authority.sign(Vec::new(), vec![HERE], NOW).expect("signed");
        believed(&authority, &forged, "192.168.1.20", NOW).expect_err("no address is permitted");
    }

    #[test]
    fn what_it_may_not_speak_for_is_left_out() {
        let authority = authority();
        let leaf = authority.leaf(&texts(&[HOST, "ada-hv.local"]), &[THERE, HERE], NOW).expect("asked");
        let leaf = leaf.expect("signed");
        assert_eq!((leaf.names, leaf.addresses), (texts(&[HOST]), vec![HERE]));
        assert!(authority.leaf(&texts(&["ada-hv.local"]), &[THERE], NOW).expect("asked").is_none());
        assert!(authority.leaf(&texts(&[HOST]), &[], authority.until_ms()).expect("asked").is_none());
    }

    #[test]
    fn certificates_are_as_phones_want_them() {
        let authority = authority();
        let leaf = authority.leaf(&texts(&[HOST]), &[HERE], NOW).expect("asked").expect("signed");
        let [own, root] = &leaf.certified.cert[..] else { panic!("a chain of two") };
        let (_, own) = parse_x509_certificate(own).expect("a certificate");
        let (_, root) = parse_x509_certificate(root).expect("a certificate");
        for certificate in [&own, &root] {
            assert_eq!(certificate.signature_algorithm.algorithm.to_id_string(), "1.2.840.10045.4.3.2");
            let key = certificate.public_key().parsed().expect("a key");
            assert!(matches!(key, x509_parser::public_key::PublicKey::EC(point) if point.key_size() == 256));
            assert_eq!(certificate.raw_serial().len(), 16);
            assert!(certificate.validity().not_before.timestamp() == (NOW - DAY_MS) / 1_000);
        }
        let days = |it: &X509Certificate<'_>| {
            (it.validity().not_after.timestamp() - it.validity().not_before.timestamp()) / 86_400
        };
        assert_eq!((days(&own), days(&root)), (398, 3_651));
        for certificate in [&own, &root] {
            let purposes = certificate.extended_key_usage().expect("read").expect("there").value;
            assert!(purposes.server_auth && !purposes.client_auth && !purposes.any && purposes.other.is_empty());
            assert!(!purposes.code_signing && !purposes.email_protection && !purposes.time_stamping);
        }
        let names = own.subject_alternative_name().expect("read").expect("there").value;
        assert_eq!(names.general_names.len(), 2, "a name and an address: what stands in the subject is not looked at");
        assert!(!own.is_ca() && root.is_ca());
        let bounds = root.basic_constraints().expect("read").expect("there");
        assert_eq!((bounds.critical, bounds.value.path_len_constraint), (true, Some(0)));
        let permitted = root.name_constraints().expect("read").expect("there");
        assert!(permitted.critical && permitted.value.excluded_subtrees.is_none());
        assert_eq!(permitted.value.permitted_subtrees.as_ref().map(Vec::len), Some(3));
    }

    #[test]
    fn a_certificate_is_made_anew_before_it_ends() {
        let authority = authority();
        let leaf = |now_ms| authority.leaf(&texts(&[HOST]), &[], now_ms).expect("asked").expect("signed");
        let first = leaf(NOW);
        assert_eq!(believed(&authority, &first, HOST, first.due_ms), Ok(()));
        believed(&authority, &first, HOST, first.due_ms + DUE_MS + 1_000).expect_err("it is over");
        // The last one goes to the authority's own end, and is not made anew over and over before that.
        let last = leaf(authority.until_ms() - 10 * DAY_MS);
        assert_eq!(last.due_ms, authority.until_ms());
        believed(&authority, &last, HOST, authority.until_ms() + 1_000).expect_err("both are over");
    }

    #[test]
    fn what_is_written_down_is_the_same_authority() {
        let first = authority();
        let again = Authority::from_json(&first.to_json()).expect("read");
        assert_eq!((again.fingerprint(), again.host()), (first.fingerprint(), HOST));
        let leaf = again.leaf(&texts(&[HOST]), &[], NOW).expect("asked").expect("signed");
        assert_eq!(believed(&first, &leaf, HOST, NOW), Ok(()));
        assert!(first.name().starts_with("Vitalog kims-desktop-hv "), "{}", first.name());
        assert!(!format!("{first:?}").contains("PRIVATE") && !first.pem().contains("PRIVATE"));
        for torn in ["", "{}", &first.to_json().replace("BEGIN PRIVATE KEY", "BEGIN")] {
            Authority::from_json(torn).expect_err("torn");
        }
    }
}
